import type { ParentView } from "../../relayer/parent/parent-view.ts";

/** A message that a shard has sent and that has not arrived. */
export interface SentMessage {
  readonly from: number;
  /** 0 is the parent chain. */
  readonly to: number;
  /** Number of the source's block that holds it. */
  readonly block: number;
}

/** Examples that are named for each reason. */
const NAMED = 4;

/** Says of messages what they are waiting for, one line per reason. */
export function explainUndelivered(view: ParentView, messages: readonly SentMessage[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const message of messages) {
    const reason = waitingFor(view, message);
    const anchored = anchoredBlock(view, "justified", message.from);
    const example = `shard ${message.from} to ${message.to === 0 ? "the parent chain" : `shard ${message.to}`}`;
    const named = reasons.get(reason) ?? [];
    named.push(`${example}, block ${message.block}, justified up to ${anchored}`);
    reasons.set(reason, named);
  }
  return [...reasons].map(([reason, named]) => {
    const more = named.length > NAMED ? `, and ${named.length - NAMED} more` : "";
    return `${named.length} messages wait ${reason} (${named.slice(0, NAMED).join("; ")}${more})`;
  });
}

function waitingFor(view: ParentView, { from, to, block }: SentMessage): string {
  if (anchoredBlock(view, "justified", from) < block) {
    return "for a crosslink with the block that sent them: its committee did not certify it in time";
  }
  if (anchoredBlock(view, "settled", from) < block) return "for the checkpoint that holds them to settle";
  if (to === 0) return "for their withdrawal, though they are settled";
  return "for their destination to import them in a justified block, though they are settled";
}

/** Last block of the shard in the latest justified or settled checkpoint; 0 when there is none. */
function anchoredBlock(view: ParentView, finality: "justified" | "settled", shardId: number): number {
  const position = view.shard(shardId)?.position ?? -1;
  return view.checkpoint(view[finality].epoch)?.crosslinkOf(position)?.lastBlock ?? 0;
}
