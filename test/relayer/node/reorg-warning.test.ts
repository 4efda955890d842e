import { expect } from "chai";
import { createNativeCrypto } from "../../../crypto/native.ts";
import { createDomain } from "../../../protocol/eip712.ts";
import { parametersFor } from "../../../protocol/presets.ts";
import { reorgWarning } from "../../../relayer/node/reorg-warning.ts";

describe("reorgWarning", () => {
  it("is for a delay of one epoch on a parent chain that is not local", async () => {
    const crypto = await createNativeCrypto();
    const warning = (chainId: bigint, inputDelay: number) =>
      reorgWarning({
        domain: createDomain(crypto, chainId, new Uint8Array(20)),
        parameters: { ...parametersFor("minimal", "devnet"), inputDelay },
      });
    expect(warning(1n, 1)).to.include("INPUT_DELAY is 1");
    expect([warning(1n, 2), warning(31_337n, 1)]).to.deep.equal([null, null]);
  });
});
