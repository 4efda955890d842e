import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { ByteReader, ByteWriter } from "../../protocol/bytes.ts";
import { FileRecordLog } from "../store/record-log.ts";

/** Epochs whose sightings share a file. */
const EPOCHS_PER_FILE = 64;

/**
 * What a watcher has seen signed, so that it still knows after a restart. Sightings are written together, once per parent
 * block: what a crash takes is seen by others. Files whose epochs are over go.
 */
export class SightingLog {
  readonly #folder: string;
  readonly #onError: (error: unknown) => void;
  #current: { readonly part: number; readonly log: FileRecordLog } | null = null;
  #waiting: Uint8Array[] = [];

  constructor(folder: string, onError: (error: unknown) => void) {
    this.#folder = folder;
    this.#onError = onError;
    mkdirSync(folder, { recursive: true });
  }

  /** Everything that is kept, in the order in which it was seen. A damaged file is told of and given up. */
  *read(): Generator<Uint8Array> {
    for (const part of this.#parts()) {
      const file = this.#file(part);
      try {
        const log = new FileRecordLog(file);
        try {
          for (let number = 1; number <= log.last; number++) yield* sightingsIn(log.read(number) as Uint8Array);
        } finally {
          log.close();
        }
      } catch (error) {
        this.#onError(error);
        rmSync(file, { force: true });
      }
    }
  }

  add(sighting: Uint8Array): void {
    this.#waiting.push(sighting);
  }

  /** Writes what was added. @param epoch of the parent chain's head */
  flush(epoch: number): void {
    if (this.#waiting.length === 0) return;
    const writer = new ByteWriter();
    for (const sighting of this.#waiting) writer.u32(sighting.length).bytes(sighting);
    this.#waiting = [];
    this.#logFor(epoch).append(writer.finish());
  }

  /** Forgets what was seen before the epoch, as far as whole files go. */
  forgetBefore(epoch: number): void {
    for (const part of this.#parts()) {
      if ((part + 1) * EPOCHS_PER_FILE <= epoch) rmSync(this.#file(part), { force: true });
    }
  }

  close(): void {
    this.#current?.log.close();
    this.#current = null;
  }

  #logFor(epoch: number): FileRecordLog {
    const part = Math.floor(epoch / EPOCHS_PER_FILE);
    if (this.#current?.part !== part) {
      this.close();
      this.#current = { part, log: new FileRecordLog(this.#file(part)) };
    }
    return this.#current.log;
  }

  #file(part: number): string {
    return path.join(this.#folder, `${part}.log`);
  }

  #parts(): number[] {
    const names = readdirSync(this.#folder).filter((name) => /^[0-9]+\.log$/.test(name));
    return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
  }
}

function* sightingsIn(record: Uint8Array): Generator<Uint8Array> {
  for (const reader = new ByteReader(record); reader.remaining > 0; ) yield reader.bytes(reader.u32());
}
