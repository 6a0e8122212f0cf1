/**
 * Writes Kafka's primitive types into a growing buffer. Shaped as kafkajs's connection wants its encoders (`buf`,
 * `buffer`), so that a request can be sent without kafkajs's own encoding.
 */
export class ByteWriter {
  buf: Buffer;
  length = 0;

  constructor(capacity = 256) {
    this.buf = Buffer.allocUnsafe(capacity);
  }

  get buffer(): Buffer {
    return this.buf.subarray(0, this.length);
  }

  int8(value: number): this {
    this.reserve(1);
    this.length = this.buf.writeInt8(value, this.length);
    return this;
  }

  int16(value: number): this {
    this.reserve(2);
    this.length = this.buf.writeInt16BE(value, this.length);
    return this;
  }

  int32(value: number): this {
    this.reserve(4);
    this.length = this.buf.writeInt32BE(value, this.length);
    return this;
  }

  int64(value: number | bigint): this {
    this.reserve(8);
    this.length = this.buf.writeBigInt64BE(BigInt(value), this.length);
    return this;
  }

  string(value: string | undefined): this {
    if (value === undefined) return this.int16(-1);
    const size = Buffer.byteLength(value);
    this.int16(size).reserve(size);
    this.length += this.buf.write(value, this.length);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.reserve(value.length);
    this.buf.set(value, this.length);
    this.length += value.length;
    return this;
  }

  /** Zig-zag variable length, for whole numbers within ±2^31. */
  varint(value: number): this {
    this.reserve(5);
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest > 0x7f) {
      this.buf[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buf[this.length++] = rest;
    return this;
  }

  reserve(size: number): void {
    if (this.length + size <= this.buf.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buf.length * 2, this.length + size));
    this.buf.copy(larger, 0, 0, this.length);
    this.buf = larger;
  }
}

/** Reads Kafka's primitive types; the caller knows the layout. Byte ranges are views, not copies. */
export class ByteReader {
  position = 0;

  constructor(readonly buffer: Buffer) {}

  get left(): number {
    return this.buffer.length - this.position;
  }

  int16(): number {
    const value = this.buffer.readInt16BE(this.position);
    this.position += 2;
    return value;
  }

  int32(): number {
    const value = this.buffer.readInt32BE(this.position);
    this.position += 4;
    return value;
  }

  /** Offsets and times fit a double exactly (below 2^53). */
  int64(): number {
    const value = readInt64(this.buffer, this.position);
    this.position += 8;
    return value;
  }

  string(): string {
    const size = this.int16();
    if (size < 0) return '';
    return this.take(size).toString('utf8');
  }

  take(size: number): Buffer {
    const part = this.buffer.subarray(this.position, this.position + size);
    this.position += size;
    return part;
  }
}

export function readInt64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4);
}
