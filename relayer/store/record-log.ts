import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, readSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { openDurably } from "./open-file.ts";

/**
 * Records in the order in which they were written, numbered from 1: a shard's encoded blocks, its signed crosslinks.
 * What `append` has returned for survives a crash.
 */
export interface RecordLog {
  /** Number of the last record; 0 when there is none. */
  readonly last: number;
  append(record: Uint8Array): void;
  /** The record, or null when there is none of that number. */
  read(number: number): Uint8Array | null;
  close(): void;
}

/** A log whose bytes are damaged in a way that no crash during writing explains. */
export class RecordLogError extends Error {
  override readonly name = "RecordLogError";
}

/** Before each record: u32 length ‖ u32 CRC-32 of these four bytes ‖ u32 CRC-32 of the record. */
const HEADER_BYTES = 12;

/** One file per log; the index of offsets is in memory. */
export class FileRecordLog implements RecordLog {
  readonly #path: string;
  readonly #file: number;
  /** Where record i + 1 begins; the last one is the end of the file. */
  readonly #offsets: number[] = [0];

  /**
   * Opens or creates the log. A record that was being written when the process died is cut off: nobody has seen it. Other
   * damage is an error, since an operator that forgets blocks it has signed would sign others of the same number.
   * @throws RecordLogError
   */
  constructor(path: string) {
    this.#path = path;
    this.#file = openDurably(path, "a+");
    this.#recover();
  }

  get last(): number {
    return this.#offsets.length - 1;
  }

  append(record: Uint8Array): void {
    const framed = Buffer.alloc(HEADER_BYTES + record.length);
    framed.writeUInt32BE(record.length, 0);
    framed.writeUInt32BE(crc32(framed.subarray(0, 4)), 4);
    framed.writeUInt32BE(crc32(record), 8);
    framed.set(record, HEADER_BYTES);
    const start = this.#offsets.at(-1) as number;
    try {
      for (let written = 0; written < framed.length; ) written += writeSync(this.#file, framed, written);
      fdatasyncSync(this.#file);
    } catch (error) {
      // A full disk leaves part of a record; the next one must not come after it.
      ftruncateSync(this.#file, start);
      throw error;
    }
    this.#offsets.push(start + framed.length);
  }

  read(number: number): Uint8Array | null {
    if (number < 1 || number > this.last) return null;
    const start = (this.#offsets[number - 1] as number) + HEADER_BYTES;
    return this.#bytes(start, (this.#offsets[number] as number) - start);
  }

  close(): void {
    closeSync(this.#file);
  }

  #bytes(position: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      const count = readSync(this.#file, bytes, done, length - done, position + done);
      if (count === 0) throw new RecordLogError(`${this.#path} ends at byte ${position + done}, inside a record`);
      done += count;
    }
    return bytes;
  }

  #recover(): void {
    const { size } = fstatSync(this.#file);
    let offset = 0;
    while (offset < size) {
      const end = this.#endOfRecord(offset, size);
      if (end === null) {
        ftruncateSync(this.#file, offset);
        return;
      }
      this.#offsets.push(end);
      offset = end;
    }
  }

  /** Where the record at `offset` ends, or null when it is the last one and incomplete. */
  #endOfRecord(offset: number, size: number): number | null {
    const damaged = () => new RecordLogError(`${this.#path}: record ${this.last + 1} at byte ${offset} is damaged`);
    const rest = size - offset;
    if (rest < HEADER_BYTES) return null;
    const header = this.#bytes(offset, HEADER_BYTES);
    if (crc32(header.subarray(0, 4)) !== header.readUInt32BE(4)) {
      // A file system may have grown the file before the bytes came.
      if (this.#bytes(offset, rest).every((byte) => byte === 0)) return null;
      throw damaged();
    }
    const length = header.readUInt32BE(0);
    if (rest < HEADER_BYTES + length) return null;
    if (crc32(this.#bytes(offset + HEADER_BYTES, length)) === header.readUInt32BE(8))
      return offset + HEADER_BYTES + length;
    if (rest === HEADER_BYTES + length) return null;
    throw damaged();
  }
}

/** For tests, and for nodes that need not outlive their process. */
export class MemoryRecordLog implements RecordLog {
  readonly #records: Uint8Array[] = [];

  get last(): number {
    return this.#records.length;
  }

  append(record: Uint8Array): void {
    this.#records.push(record);
  }

  read(number: number): Uint8Array | null {
    return this.#records[number - 1] ?? null;
  }

  close(): void {}
}
