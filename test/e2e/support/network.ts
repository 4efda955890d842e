import { createNativeCrypto } from "../../../crypto/native.ts";
import type { GossipMessage } from "../../../protocol/gossip.ts";
import type { Transport } from "../../../relayer/network/transport.ts";
import {
  type Member as LocalMember,
  LocalNetwork,
  type NetworkOptions,
} from "../../../scripts/devnet/local-network.ts";
import { TamperedTransport } from "./tampered-transport.ts";

export type Member = LocalMember<TamperedTransport>;

/** A message that some node sent to its peers. */
export interface Sent {
  readonly from: string;
  readonly message: GossipMessage;
}

/** A network whose nodes' messages a test watches, holds back or changes. */
export class Network extends LocalNetwork<TamperedTransport> {
  /** What nodes sent since the last `restore`. */
  readonly sent: Sent[] = [];

  /** Returns once the first checkpoint is accepted. */
  static async start(options: NetworkOptions = {}): Promise<Network> {
    const network = new Network(await createNativeCrypto(), options);
    await network.start();
    return network;
  }

  protected override wrap(inner: Transport, name: string): TamperedTransport {
    const transport = new TamperedTransport(inner);
    transport.watch = (message) => this.sent.push({ from: name, message });
    return transport;
  }

  /** Everybody behaves again, and everybody can be reached. */
  async restore(): Promise<void> {
    for (const member of this.members) {
      member.transport.restore();
      this.hub.setReachable(member.keys.name, true);
      if (member.node === null) await this.restartMember(member);
    }
    this.sent.length = 0;
  }
}
