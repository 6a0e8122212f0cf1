import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';

/**
 * The bytes of a block of records, all appended at one instant:
 *
 *     u8 codec (0 plain, 1 zstd of what follows), then
 *     u32 version, u32 count, u32 bytes of keys, u32 bytes of values           little-endian, as all numbers here
 *     u32[count] length of each key, u32[count] length of each value, u32[count] header set of each (0: none)
 *     keys, values, JSON array of the header sets
 *
 * Tables before bytes, so that a reader gets at any record without walking over the others.
 */
const VERSION = 1;
const HEAD = 16;
const PLAIN = 0;
const ZSTD = 1;
/** Below this compression costs more than it saves. */
const WORTH_COMPRESSING = 400;
/** Above this a block is worth the way to another thread and back, about 0.2 ms of work. */
const WORTH_A_THREAD = 128 << 10;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export interface BlockRecord {
  key: Uint8Array;
  value: Uint8Array;
  headers?: Record<string, string> | undefined;
}

/** Lays out records `from` (inclusive) to `to` (exclusive) as plain block bytes, the codec byte aside. */
export function layOut(records: readonly BlockRecord[], from: number, to: number): Uint8Array<ArrayBuffer> {
  const count = to - from;
  let keyBytes = 0;
  let valueBytes = 0;
  const sets = new HeaderSets();
  const tables = new Uint32Array(count * 3);
  for (let i = 0; i < count; i++) {
    const { key, value, headers } = records[from + i]!;
    keyBytes += tables[i] = key.length;
    valueBytes += tables[count + i] = value.length;
    if (headers !== undefined) tables[2 * count + i] = sets.idOf(headers);
  }
  const json = sets.bytes();
  const block = new Uint8Array(HEAD + tables.byteLength + keyBytes + valueBytes + json.length);
  block.set(new Uint8Array(Uint32Array.of(VERSION, count, keyBytes, valueBytes).buffer), 0);
  block.set(new Uint8Array(tables.buffer), HEAD);
  let keyAt = HEAD + tables.byteLength;
  let valueAt = keyAt + keyBytes;
  block.set(json, valueAt + valueBytes);
  for (let i = from; i < to; i++) {
    const { key, value } = records[i]!;
    block.set(key, keyAt);
    block.set(value, valueAt);
    keyAt += key.length;
    valueAt += value.length;
  }
  return block;
}

/** Puts the codec byte before a laid-out block, compressing it when that pays. */
export async function pack(block: Uint8Array): Promise<Buffer> {
  if (block.length >= WORTH_COMPRESSING) {
    const options = {
      params: { [constants.ZSTD_c_compressionLevel]: 1 },
      pledgedSrcSize: block.length,
      // Output comes in pieces of this size: a quarter nearly always holds it in one.
      chunkSize: (block.length >> 2) + 1_024,
    };
    const small = block.length < WORTH_A_THREAD ? zstdCompressSync(block, options) : await compress(block, options);
    if (small.length < block.length * 0.9) return Buffer.concat([Uint8Array.of(ZSTD), small]);
  }
  return Buffer.concat([Uint8Array.of(PLAIN), block]);
}

/** @param size bytes of the block as laid out: output in one piece, where zlib's default is a piece per 16 KiB */
export async function unpack(payload: Uint8Array, size: number): Promise<Block> {
  const body = payload.subarray(1);
  const options = { chunkSize: size + 64 };
  if (payload[0] === ZSTD) {
    return new Block(size < WORTH_A_THREAD ? zstdDecompressSync(body, options) : await decompress(body, options));
  }
  if (payload[0] === PLAIN) return new Block(body);
  throw new RangeError(`block of unknown codec ${payload[0]}`);
}

/** A block opened for reading. Values and keys are views of its bytes. */
export class Block {
  readonly count: number;
  readonly #bytes: Uint8Array;
  readonly #tables: Uint32Array;
  readonly #keys: number;
  readonly #values: number;
  readonly #sets: number;
  #headers: Record<string, string>[] | undefined;

  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEAD || view.getUint32(0, true) !== VERSION) throw new RangeError('block of an unknown version');
    this.count = view.getUint32(4, true);
    this.#bytes = bytes;
    // Copied: a view of 32-bit numbers must start at a multiple of four, which a compressed block's buffer need not.
    this.#tables = new Uint32Array(this.count * 3);
    new Uint8Array(this.#tables.buffer).set(bytes.subarray(HEAD, HEAD + this.count * 12));
    // Stored as lengths, which compress to almost nothing; kept as ends, which say at once where a record lies.
    const tables = this.#tables;
    for (let i = 1, v = this.count + 1; i < this.count; i++, v++) {
      tables[i]! += tables[i - 1]!;
      tables[v]! += tables[v - 1]!;
    }
    this.#keys = HEAD + this.count * 12;
    this.#values = this.#keys + view.getUint32(8, true);
    this.#sets = this.#values + view.getUint32(12, true);
  }

  key(i: number): Uint8Array {
    return this.#bytes.subarray(this.#keys + (i === 0 ? 0 : this.#tables[i - 1]!), this.#keys + this.#tables[i]!);
  }

  value(i: number): Uint8Array {
    const at = this.count + i;
    return this.#bytes.subarray(this.#values + (i === 0 ? 0 : this.#tables[at - 1]!), this.#values + this.#tables[at]!);
  }

  headers(i: number): Record<string, string> | undefined {
    const set = this.#tables[2 * this.count + i]!;
    if (set === 0) return undefined;
    this.#headers ??= JSON.parse(new TextDecoder().decode(this.#bytes.subarray(this.#sets))) as Record<
      string,
      string
    >[];
    return this.#headers[set - 1];
  }
}

/** Headers repeat from record to record: each distinct set is kept once. */
class HeaderSets {
  readonly #ids = new Map<string, number>();
  #last: Record<string, string> | undefined;
  #lastId = 0;

  /** From 1. */
  idOf(headers: Record<string, string>): number {
    if (headers === this.#last) return this.#lastId;
    const json = JSON.stringify(headers);
    const id = this.#ids.get(json) ?? this.#ids.size + 1;
    this.#ids.set(json, id);
    this.#last = headers;
    this.#lastId = id;
    return id;
  }

  bytes(): Uint8Array {
    return this.#ids.size === 0 ? new Uint8Array(0) : new TextEncoder().encode(`[${[...this.#ids.keys()].join(',')}]`);
  }
}
