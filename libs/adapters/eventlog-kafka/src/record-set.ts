import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { PlumblineError } from '@plumbline/kernel';
import { readInt64 } from './bytes.ts';

/** A transaction that was rolled back: this producer's records from that offset up to its end marker do not count. */
export interface Aborted {
  producerId: number;
  firstOffset: number;
}

const HEADER = 61;
const COMPRESSION = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const NOTHING = Buffer.alloc(0);

/**
 * Records of one partition as columns over the fetched bytes: where each key and value lies, its offset and time.
 * Nothing is copied or parsed before it is asked for. Layout of batches and records: Kafka's message format 2
 * (kafka.apache.org/documentation/#recordbatch).
 */
export class RecordSet {
  length = 0;
  readonly offsets: Float64Array;
  readonly timestamps: Float64Array;
  private readonly keyAt: Int32Array;
  private readonly keySize: Int32Array;
  private readonly valueAt: Int32Array;
  private readonly valueSize: Int32Array;
  private readonly headersAt: Int32Array;
  private cursor = 0;

  private constructor(
    readonly bytes: Buffer,
    capacity: number,
  ) {
    this.offsets = new Float64Array(capacity);
    this.timestamps = new Float64Array(capacity);
    this.keyAt = new Int32Array(capacity);
    this.keySize = new Int32Array(capacity);
    this.valueAt = new Int32Array(capacity);
    this.valueSize = new Int32Array(capacity);
    this.headersAt = new Int32Array(capacity);
  }

  /**
   * Reads whole record batches; an incomplete one at the end is left out.
   * @param from records before this offset are left out: a fetch starts at the batch that holds the asked offset
   * @throws PlumblineError 'log-format' (records older than Kafka 0.11), 'log-compression' (snappy, lz4)
   */
  static decode(bytes: Buffer, from: number, aborted: readonly Aborted[] = []): RecordSet {
    const batches = committedOnly(scan(bytes), aborted);
    let capacity = 0;
    const parts: Buffer[] = [bytes];
    let size = bytes.length;
    for (const batch of batches) {
      capacity += batch.count;
      if ((batch.attributes & COMPRESSION) === 0) continue;
      const plain = decompress(batch.attributes & COMPRESSION, bytes.subarray(batch.at, batch.end));
      parts.push(plain);
      batch.at = size;
      size += plain.length;
    }
    const set = new RecordSet(parts.length === 1 ? bytes : Buffer.concat(parts), capacity);
    for (const batch of batches) set.add(batch, from);
    return set;
  }

  key(i: number): Uint8Array {
    return this.part(this.keyAt[i]!, this.keySize[i]!);
  }

  value(i: number): Uint8Array {
    return this.part(this.valueAt[i]!, this.valueSize[i]!);
  }

  header(i: number, name: string): string | undefined {
    this.cursor = this.headersAt[i]!;
    for (let left = this.varint(); left > 0; left--) {
      const found = this.text();
      const size = this.varint();
      if (found === name && size >= 0) return this.bytes.toString('utf8', this.cursor, this.cursor + size);
      this.cursor += Math.max(size, 0);
    }
    return undefined;
  }

  headers(i: number): Record<string, string> | undefined {
    this.cursor = this.headersAt[i]!;
    const count = this.varint();
    if (count <= 0) return undefined;
    const all: [string, string][] = [];
    for (let left = count; left > 0; left--) {
      const name = this.text();
      all.push([name, this.text()]);
    }
    // Not by assignment: a header named __proto__ would be lost.
    return Object.fromEntries(all);
  }

  private part(at: number, size: number): Uint8Array {
    return size <= 0 ? NOTHING : this.bytes.subarray(at, at + size);
  }

  private text(): string {
    const size = Math.max(this.varint(), 0);
    const start = this.cursor;
    this.cursor += size;
    return this.bytes.toString('utf8', start, this.cursor);
  }

  private add(batch: BatchHeader, from: number): void {
    const appendTime = (batch.attributes & LOG_APPEND_TIME) !== 0;
    let at = batch.at;
    for (let k = 0; k < batch.count; k++) {
      this.cursor = at;
      const size = this.varint();
      at = this.cursor + size;
      this.cursor++;
      const timestamp = batch.firstTimestamp + this.varlong();
      const offset = batch.firstOffset + this.varint();
      if (offset < from) continue;
      const i = this.length++;
      this.offsets[i] = offset;
      this.timestamps[i] = appendTime ? batch.maxTimestamp : timestamp;
      const keySize = this.varint();
      this.keyAt[i] = this.cursor;
      this.keySize[i] = keySize;
      if (keySize > 0) this.cursor += keySize;
      const valueSize = this.varint();
      this.valueAt[i] = this.cursor;
      this.valueSize[i] = valueSize;
      if (valueSize > 0) this.cursor += valueSize;
      this.headersAt[i] = this.cursor;
    }
  }

  private varint(): number {
    const bytes = this.bytes;
    let byte = bytes[this.cursor++]!;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[this.cursor++]!;
      value |= (byte & 0x7f) << shift;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  /** As `varint`, for differences of times: within ±2^52. */
  private varlong(): number {
    let factor = 1;
    let value = 0;
    for (;;) {
      const byte = this.bytes[this.cursor++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

interface BatchHeader {
  firstOffset: number;
  lastOffset: number;
  attributes: number;
  firstTimestamp: number;
  maxTimestamp: number;
  producerId: number;
  count: number;
  /** Where its records lie. */
  at: number;
  end: number;
}

/** The offset after the last whole batch, or `from` when there is none: where the next fetch goes on. */
export function nextOffset(bytes: Buffer, from: number): number {
  const batches = scan(bytes);
  return batches.length === 0 ? from : Math.max(from, batches.at(-1)!.lastOffset + 1);
}

function scan(bytes: Buffer): BatchHeader[] {
  const found: BatchHeader[] = [];
  let at = 0;
  while (at + HEADER <= bytes.length) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    const magic = bytes[at + 16]!;
    if (magic !== 2) {
      throw new PlumblineError('log-format', `records in Kafka's message format ${magic} are not read`, {
        fix: 'let the topic be rewritten by Kafka 3 or later',
      });
    }
    if (end > bytes.length) break;
    const firstOffset = readInt64(bytes, at);
    found.push({
      firstOffset,
      lastOffset: firstOffset + bytes.readInt32BE(at + 23),
      attributes: bytes.readInt16BE(at + 21),
      firstTimestamp: readInt64(bytes, at + 27),
      maxTimestamp: readInt64(bytes, at + 35),
      producerId: readInt64(bytes, at + 43),
      count: bytes.readInt32BE(at + 57),
      at: at + HEADER,
      end,
    });
    at = end;
  }
  return found;
}

/** Leaves out transaction markers and the batches of transactions that were rolled back. */
function committedOnly(batches: BatchHeader[], aborted: readonly Aborted[]): BatchHeader[] {
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const rolledBack = new Set<number>();
  return batches.filter((batch) => {
    while (waiting.length > 0 && waiting[0]!.firstOffset <= batch.lastOffset)
      rolledBack.add(waiting.shift()!.producerId);
    if ((batch.attributes & CONTROL) !== 0) {
      rolledBack.delete(batch.producerId);
      return false;
    }
    return (batch.attributes & TRANSACTIONAL) === 0 || !rolledBack.has(batch.producerId);
  });
}

function decompress(codec: number, bytes: Buffer): Buffer {
  if (codec === 1) return gunzipSync(bytes);
  if (codec === 4) return zstdDecompressSync(bytes);
  const name = codec === 2 ? 'snappy' : codec === 3 ? 'lz4' : `codec ${codec}`;
  throw new PlumblineError('log-compression', `records compressed with ${name} are not read`, {
    fix: 'let the producers use gzip, zstd or no compression, or set compression.type=zstd on the topic',
  });
}
