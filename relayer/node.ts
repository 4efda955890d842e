import path from "node:path";
import { createLedgerEnvironment } from "../ledger/environment.ts";
import { verifyBlock } from "../ledger/verify-block.ts";
import { toHex } from "../protocol/bytes.ts";
import type { Crypto } from "../protocol/crypto.ts";
import {
  decodeBlocksRequest,
  decodeMessagesRequest,
  encodeAnswer,
  MAX_ANSWERED_MESSAGES,
  requestKind,
} from "../protocol/gossip.ts";
import { addressOfKey } from "../protocol/operator-signature.ts";
import type { Parameters } from "../protocol/presets.ts";
import { committeeCount } from "../protocol/quorum.ts";
import { Certificates } from "./aggregator/certificates.ts";
import { RollAnswers } from "./aggregator/roll-answers.ts";
import { Votes } from "./aggregator/votes.ts";
import type { RpcMethods } from "./api/json-rpc.ts";
import { createShardRpc } from "./api/shard-rpc.ts";
import { type EpochJobs, startEpochJobs } from "./jobs/epoch-jobs.ts";
import { MessageDelivery } from "./messages/delivery.ts";
import type { Transport } from "./network/transport.ts";
import { BlockExchange } from "./node/block-exchange.ts";
import { EpochDuties } from "./node/epoch-duties.ts";
import { GossipBoard } from "./node/gossip-board.ts";
import { type QueueSettings, queuePlace } from "./node/queue-place.ts";
import { reorgWarning } from "./node/reorg-warning.ts";
import { RollDuties } from "./node/roll-duties.ts";
import { ShardOperators } from "./node/shard-operators.ts";
import { Turns } from "./node/turns.ts";
import { Watch } from "./node/watch.ts";
import type { ShardOperator } from "./operator/shard-operator.ts";
import { answerChallenge } from "./parent/actions/answer-challenge.ts";
import { answerRoll, callRoll, ejectGroup } from "./parent/actions/call-roll.ts";
import { packKeys } from "./parent/actions/pack-keys.ts";
import { settle } from "./parent/actions/settle.ts";
import { submitCheckpoint } from "./parent/actions/submit-checkpoint.ts";
import { supplementVotes } from "./parent/actions/supplement-votes.ts";
import { readDemand } from "./parent/demanded-message.ts";
import type { DeploymentRecord } from "./parent/deployment.ts";
import { ParentClock } from "./parent/parent-clock.ts";
import { ParentFollower } from "./parent/parent-follower.ts";
import type { ParentView } from "./parent/parent-view.ts";
import { connectProvider, withRetries } from "./parent/rpc.ts";
import { TransactionSender } from "./parent/transaction-sender.ts";
import { Poster } from "./poster/poster.ts";
import { RollCaller } from "./poster/roll-caller.ts";
import { Supplements } from "./poster/supplements.ts";
import { PublishedBlocks } from "./store/published-blocks.ts";
import { SlashingProtection } from "./store/slashing-protection.ts";
import type { BlockVerifier } from "./validator/check-block.ts";
import { checkCrosslink } from "./validator/check-crosslink.ts";
import { EarlyChecks } from "./validator/early-checks.ts";
import { Signer } from "./validator/signer.ts";
import { Validator } from "./validator/validator.ts";
import { ValidatorKeys } from "./validator/validator-keys.ts";
import { Answerer } from "./watcher/answerer.ts";

export interface NodeOptions {
  readonly crypto: Crypto;
  readonly parentUrl: string;
  readonly deployment: DeploymentRecord;
  readonly transport: Transport;
  /** Everything this node keeps; one folder per parent genesis and deployment is made in it. */
  readonly dataDirectory: string;
  /** BLS keys of its validators, 32 bytes each; may be none. */
  readonly validatorKeys: readonly Uint8Array[];
  /** secp256k1 key: operates the shards of its address, and pays for what this node posts. */
  readonly accountKey: Uint8Array;
  /** Its turn among the nodes that post (see Poster). */
  readonly posting: { readonly rank: number; readonly posters: number };
  /** Its turn among the nodes that watch for equivocations and wrong crosslinks, and report them; without it, it does not. */
  readonly watching?: { readonly rank: number; readonly watchers: number };
  /** Default: embedded, in the data directory. */
  readonly queue?: QueueSettings;
  readonly onError: (error: unknown) => void;
  readonly onWarning: (message: string) => void;
}

/** One program with every role; the keys and the shard registry decide which of them it plays. */
export interface WatchfireNode {
  readonly view: ParentView;
  /** JSON-RPC of a shard that this node operates. */
  shardRpc(shardId: number): RpcMethods | undefined;
  operatedShards(): readonly number[];
  readonly jobs: EpochJobs;
  close(): Promise<void>;
}

/** Tries of a request to the parent chain before a node gives up to start. */
const CONNECT_ATTEMPTS = 5;
/** Milliseconds between looks at the parent chain. */
const POLL_MS = 200;
/** Crosslinks whose blocks are kept for attesting: what may be unanchored, and the parent crosslink's, with room. */
const KEPT_CROSSLINKS = 4;
/** Epochs from a block to its vote, with room. */
const EPOCHS_TO_VOTE = 4;

/** @throws ParentSettingError, SlashingProtection's, JobDirectoryError's and JobServerError's causes: a node starts whole or not at all */
export async function startNode(options: NodeOptions): Promise<WatchfireNode> {
  const { crypto, transport } = options;
  let isOver = false;
  /** What the end of the node cuts off is no news. */
  const onError = (error: unknown) => {
    if (!isOver) options.onError(error);
  };
  const provider = await connectProvider(options.parentUrl, { attempts: CONNECT_ATTEMPTS });
  const follower = await ParentFollower.connect(crypto, provider, options.deployment, {
    intervalMs: POLL_MS,
  });
  follower.on("error", onError);
  const { view } = follower;
  await follower.start();
  const warning = reorgWarning(view);
  if (warning !== null) options.onWarning(warning);

  const parentGenesis = await withRetries(CONNECT_ATTEMPTS, undefined, () => provider.getBlock(0));
  if (parentGenesis?.hash == null) throw new Error("the parent chain has no block 0");
  const deployment = deploymentName(view, parentGenesis.hash);
  const directory = path.join(options.dataDirectory, deployment);
  const protection = new SlashingProtection(path.join(directory, "slashing-protection.jsonl"));
  const clock = new ParentClock(follower);
  const blocks = new PublishedBlocks({
    crypto,
    domain: view.domain,
    keptPerGeneration: keptBlocks(view.parameters),
    operatorOf: (shardId, generation) => view.operatorOf(shardId, generation),
    onSigned: (signed) => watch?.header(signed),
    onAdd: (block) => earlyChecks.take(block),
  });
  follower.on("reorg", () => blocks.doubtAll());
  const exchange = new BlockExchange({
    transport,
    published: blocks,
    own: (shardId, number) => operators.blocks(shardId, number),
    onError,
  });
  const verifierOf =
    (shardId: number): BlockVerifier =>
    (block, previous) => {
      const { domain, parameters } = view;
      const { operator, generation } = view.shard(shardId) ?? { operator: new Uint8Array(20), generation: 0 };
      const environment = createLedgerEnvironment({ crypto, domain, parameters, facts: view.facts(), shardId });
      const verdict = verifyBlock(environment, { previous, generation, operator }, block);
      if (!verdict.ok) throw verdict.error;
    };
  const signer = new Signer(crypto, view.domain, new ValidatorKeys(crypto, options.validatorKeys), protection);
  const validator = new Validator({
    crypto,
    view,
    signer,
    checkCrosslink: (signed) =>
      checkCrosslink(
        {
          crypto,
          view,
          blocks,
          fetchBlocks: (shardId, first, last) => exchange.fetch(shardId, first, last),
          verifyBlock: verifierOf(signed.crosslink.shardId),
        },
        signed,
      ),
  });

  const earlyChecks = new EarlyChecks({
    view,
    blocks,
    verifyBlock: verifierOf,
    attests: (shardId, epoch) => validator.sits(shardId, epoch),
    onError,
  });

  const certificates = new Certificates(crypto, view, (certificate) =>
    board.publish({ kind: "certificate", ...certificate }),
  );
  const votes = new Votes(crypto, view);
  const rollAnswers = new RollAnswers(crypto, view);
  const board = new GossipBoard({
    crypto,
    view,
    transport,
    blocks,
    certificates,
    votes,
    rollAnswers,
    onMessage: (message, from) => watch?.take(message, from),
    onError,
  });
  const sender = new TransactionSender(provider, options.accountKey);
  const operatorAddress = addressOfKey(crypto, options.accountKey);
  const { addresses } = options.deployment;
  const { watching } = options;
  const watch =
    watching === undefined
      ? null
      : new Watch({
          ...options,
          ...watching,
          source: follower,
          addresses,
          sender,
          directory,
          fetchBlocks: async function* (shardId, first, last) {
            yield exchange.answer(shardId, first, last);
            yield* exchange.fetch(shardId, first, last);
          },
          onError,
        });
  const answerer = new Answerer({
    crypto,
    view,
    heldBlocks: (shardId, number) => exchange.answer(shardId, number, number),
    answer: (id, answer) => answerChallenge(sender, addresses, id, answer),
    rank: options.posting.rank,
    answerers: options.posting.posters,
    onError,
  });
  const poster = new Poster({
    source: follower,
    clock,
    actions: {
      submitCheckpoint: (submission) => submitCheckpoint(sender, addresses, submission),
      settle: (max) => settle(sender, addresses, max),
      packKeys: (limits) => packKeys(sender, addresses, limits),
    },
    ...options.posting,
    onError,
  });
  const supplements = new Supplements({
    source: follower,
    lateVotes: (target, absent) => votes.late(target, absent),
    send: (checkpoint, late) => supplementVotes(crypto, sender, addresses, checkpoint, late),
    ...options.posting,
    onError,
  });
  const rollDuties = new RollDuties({
    view,
    board,
    validator,
    caller: new RollCaller({
      source: follower,
      actions: {
        call: () => callRoll(sender, addresses),
        answer: (seats, signature) => answerRoll(crypto, sender, addresses, seats, signature),
        eject: (group) => ejectGroup(sender, addresses, group),
      },
      answers: () => rollAnswers.news(),
      ...options.posting,
      onError,
    }),
  });
  const duties = new EpochDuties({ crypto, view, clock, board, validator, certificates, votes, poster, onError });

  const delivery = new MessageDelivery({
    transport,
    own: (source, destination, first, asOfEpoch) =>
      operators.get(source)?.messagesTo(destination, first, asOfEpoch) ?? null,
    demanded: async (source, destination, first, asOfEpoch) => {
      const payloads: Uint8Array[] = [];
      for (let index = first; payloads.length < MAX_ANSWERED_MESSAGES; index++) {
        const demand = view.demand(destination, source, index);
        if (demand === null || demand.epoch > asOfEpoch) break;
        const payload = await readDemand(provider, options.deployment.addresses, demand);
        if (payload === null) break;
        payloads.push(payload);
      }
      return payloads;
    },
    onError,
  });
  const operators = new ShardOperators({
    crypto,
    view,
    operatorKey: options.accountKey,
    operatorAddress,
    directory,
    messagesFor: (shardId, source, first, asOfEpoch) => delivery.fetch(shardId, source, first, asOfEpoch),
    fetchBlocks: (shardId, first, last) => exchange.fetch(shardId, first, last),
    publishBlock: (block) => board.publish({ kind: "block", block }),
    publishCrosslink: (signed) => board.publish({ kind: "crosslink", ...signed }),
    onError,
  });
  transport.onRequest(async (request) => answer(request, exchange, operators));

  const jobs = await startEpochJobs({
    backend: queuePlace(options.queue, directory, deployment, toHex(operatorAddress)),
    handlers: duties,
    certificateDeadline: (epoch, signal) => clock.until(clock.votingDeadline(Number(epoch), 1), signal),
    onError: (error, where) => onError(new Error(`jobs: ${where}: ${error.message}`, { cause: error })),
    onWarning: options.onWarning,
  });

  const turns = new Turns(onError);
  const onBlock = () =>
    turns.take(async () => {
      if (view.genesisTime === null || view.head.timestamp < view.genesisTime) return;
      board.onBlock();
      earlyChecks.onBlock();
      void poster.onBlock();
      supplements.onBlock().catch(onError);
      watch?.onBlock().catch(onError);
      answerer.onBlock().catch(onError);
      rollDuties.onBlock().catch(onError);
      operators.onBlock();
      const epoch = view.epoch() - 1;
      if (epoch > 0 && view.justified.epoch < epoch) await jobs.schedule(epoch, shardsWithCommittee(view, epoch));
    });
  follower.on("block", onBlock);

  const methods = new WeakMap<ShardOperator, RpcMethods>();
  return {
    view,
    jobs,
    shardRpc: (shardId) => {
      const operator = operators.get(shardId);
      if (operator === undefined) return undefined;
      const known = methods.get(operator) ?? createShardRpc(operator);
      methods.set(operator, known);
      return known;
    },
    operatedShards: () => operators.ids(),
    close: async () => {
      follower.off("block", onBlock);
      await turns.end();
      await jobs.close();
      await follower.stop();
      transport.close();
      earlyChecks.close();
      operators.close();
      watch?.close();
      await protection.close();
      isOver = true;
      provider.destroy();
    },
  };
}

/** Stores of one deployment on one chain never meet those of another, even at the same addresses. */
function deploymentName(view: ParentView, parentGenesisHash: string): string {
  const { parentChainId, registry } = view.domain;
  return `${parentChainId}-${parentGenesisHash.slice(2, 18)}-${toHex(registry).slice(2)}`;
}

/** Blocks of a shard that may be attested, or that a dispute may be about: what is not settled, challenges and answers included. */
function keptBlocks({ maxBlocks, slotsPerEpoch, submitEpochs, challengeEpochs }: Parameters): number {
  const epochs = EPOCHS_TO_VOTE + submitEpochs + 2 * challengeEpochs;
  return Math.max(KEPT_CROSSLINKS * maxBlocks, epochs * slotsPerEpoch);
}

function shardsWithCommittee(view: ParentView, epoch: number): number[] {
  const committees = committeeCount(view.parameters, view.seatCount(epoch));
  return view
    .shards()
    .filter((shard) => shard.position < committees)
    .map((shard) => shard.id);
}

function answer(request: Uint8Array, exchange: BlockExchange, operators: ShardOperators): Uint8Array {
  if (requestKind(request) === "blocks") {
    const { shardId, first, last } = decodeBlocksRequest(request);
    return encodeAnswer(exchange.answer(shardId, first, last));
  }
  const { source, destination, first, asOfEpoch } = decodeMessagesRequest(request);
  const messages = operators.get(source)?.messagesTo(destination, first, asOfEpoch) ?? [];
  return encodeAnswer(messages.slice(0, MAX_ANSWERED_MESSAGES));
}
