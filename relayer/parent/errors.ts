/** The parent chain makes no new blocks, or the endpoint does not see them. Parent time stands still. */
export class ParentStalled extends Error {
  override readonly name = "ParentStalled";
  readonly silentMs: number;

  constructor(blockNumber: number, silentMs: number) {
    super(
      `The parent chain has had no new block after ${blockNumber} for ${Math.round(silentMs / 1000)} s. ` +
        `Is its node in sync, does a development chain mine at intervals?`,
    );
    this.silentMs = silentMs;
  }
}

/** A setting that does not fit the chain it points to. */
export class ParentSettingError extends Error {
  override readonly name = "ParentSettingError";
  readonly setting: string;

  constructor(setting: string, problem: string, options?: ErrorOptions) {
    super(`Setting ${setting}: ${problem}`, options);
    this.setting = setting;
  }
}

/** The contracts' events contradict each other or what the protocol derives from them. */
export class ParentInconsistent extends Error {
  override readonly name = "ParentInconsistent";
}

/** The chain was reorganised while it was being read: what was read is not used, and read again. */
export class ParentMoved extends Error {
  override readonly name = "ParentMoved";
}
