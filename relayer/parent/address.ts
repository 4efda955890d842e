import { getAddress } from "ethers";

/** The address in checksummed form. @throws TypeError when it is none, or its checksum is wrong */
export function checkedAddress(text: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw new TypeError(`${text} is no address`);
  return getAddress(text);
}
