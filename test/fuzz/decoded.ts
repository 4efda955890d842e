import { DecodeError } from "../../protocol/bytes.ts";

/** What a decoder makes of the bytes; null when it refuses them in the one way it may. */
export function decoded<T>(decode: () => T, refusal: new (...args: never[]) => Error = DecodeError): T | null {
  try {
    return decode();
  } catch (error) {
    if (error instanceof refusal) return null;
    throw error;
  }
}

/** Payloads per parser. */
export const RUNS = 10_000;
