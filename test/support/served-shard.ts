import type { Crypto } from "../../protocol/crypto.ts";
import { type ApiServer, type ApiServerOptions, createApiServer } from "../../relayer/api/server.ts";
import { createShardRpc } from "../../relayer/api/shard-rpc.ts";
import type { ShardOperator } from "../../relayer/operator/shard-operator.ts";
import { ETHER, OperatedShards, type TestAccount } from "./operated-shards.ts";

/** Shard 1 of two, with coins for some accounts, behind a real server. */
export class ServedShard {
  readonly shards: OperatedShards;
  readonly url: string;
  readonly #server: ApiServer;
  #slots: NodeJS.Timeout | undefined;

  private constructor(shards: OperatedShards, server: ApiServer) {
    this.shards = shards;
    this.#server = server;
    this.url = `${server.url}/shards/1`;
  }

  static async start(
    crypto: Crypto,
    funded: readonly TestAccount[],
    options: Partial<Pick<ApiServerOptions, "limits" | "access">> & { onError?: (error: unknown) => void } = {},
  ): Promise<ServedShard> {
    const shards = new OperatedShards(crypto, 2);
    for (const { address } of funded) shards.parent.deposit(1, address, 10n * ETHER);
    await shards.nextEpoch();
    const rpc = createShardRpc(shards.operator(1));
    const { onError = console.error, ...rest } = options;
    const handlers = { index: () => ({}), shard: (id: number) => (id === 1 ? rpc : undefined), onError };
    return new ServedShard(shards, await createApiServer({ port: 0, handlers, ...rest }));
  }

  get operator(): ShardOperator {
    return this.shards.operator(1);
  }

  /** From now on a slot every so often, and a checkpoint, settled at once, for each epoch that has ended. */
  run(milliseconds: number): void {
    const { shards } = this;
    let { epoch } = shards.parent;
    this.#slots = setInterval(() => {
      void shards.nextSlot();
      if (shards.parent.epoch === epoch) return;
      epoch = shards.parent.epoch;
      shards.anchor();
      shards.parent.settle();
    }, milliseconds);
  }

  async close(): Promise<void> {
    clearInterval(this.#slots);
    await this.#server.close();
  }
}
