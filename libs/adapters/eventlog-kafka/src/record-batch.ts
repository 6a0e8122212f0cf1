import type { AppendRecord } from '@plumbline/ports';
import { ByteWriter } from './bytes.ts';
import { crc32c } from './crc32c.ts';

const HEADER = 61;
const CRC_AT = 17;
const CRC_FROM = 21;
const NO_EPOCH = -1;
const NO_HEADERS: [Buffer, Buffer][] = [];

/** Who writes, so that the broker recognises a batch that is sent twice. */
export interface ProducerIdentity {
  producerId: bigint;
  epoch: number;
}

/**
 * One record batch (Kafka's message format 2, no compression) of all given records, in order.
 * @param now milliseconds UTC, the time of all of them; topics made by this adapter take the log's time instead
 */
export function encodeRecords(records: readonly AppendRecord[], now: number): Buffer {
  let size = HEADER;
  for (const record of records) size += roomFor(record);
  const out = new ByteWriter(size);
  out.length = HEADER;
  for (let i = 0; i < records.length; i++) writeRecord(out, records[i]!, i);
  const last = records.length - 1;
  out.buf.writeBigInt64BE(0n, 0);
  out.buf.writeInt32BE(out.length - 12, 8);
  out.buf.writeInt32BE(NO_EPOCH, 12);
  out.buf.writeInt8(2, 16);
  out.buf.writeInt16BE(0, 21);
  out.buf.writeInt32BE(last, 23);
  out.buf.writeBigInt64BE(BigInt(now), 27);
  out.buf.writeBigInt64BE(BigInt(now), 35);
  out.buf.writeInt32BE(records.length, 57);
  return out.buffer;
}

/** Puts the sender and the number of the first record into an encoded batch, and its checksum. */
export function stamp(batch: Buffer, identity: ProducerIdentity, sequence: number): void {
  batch.writeBigInt64BE(identity.producerId, 43);
  batch.writeInt16BE(identity.epoch, 51);
  batch.writeInt32BE(sequence, 53);
  batch.writeInt32BE(crc32c(batch, CRC_FROM) | 0, CRC_AT);
}

/** Upper bound of the bytes a record takes in a batch. */
export function roomFor(record: AppendRecord): number {
  let size = 32 + record.key.length + record.value.length;
  if (record.headers) for (const name in record.headers) size += 10 + 3 * (name.length + record.headers[name]!.length);
  return size;
}

function writeRecord(out: ByteWriter, record: AppendRecord, index: number): void {
  const headers = record.headers
    ? Object.entries(record.headers).map((pair) => pair.map((text) => Buffer.from(text)) as [Buffer, Buffer])
    : NO_HEADERS;
  const { key, value } = record;
  let size = 2 + varintSize(index) + varintSize(key.length) + key.length + varintSize(value.length) + value.length;
  size += varintSize(headers.length);
  for (const [name, text] of headers)
    size += varintSize(name.length) + name.length + varintSize(text.length) + text.length;
  const [attributes, noTimeDelta] = [0, 0];
  out.varint(size).int8(attributes).varint(noTimeDelta).varint(index);
  out.varint(key.length).bytes(key).varint(value.length).bytes(value).varint(headers.length);
  for (const [name, text] of headers) out.varint(name.length).bytes(name).varint(text.length).bytes(text);
}

/** Bytes of a zig-zag varint of a number that is not negative. */
function varintSize(value: number): number {
  const doubled = value * 2;
  return doubled < 0x80 ? 1 : doubled < 0x4000 ? 2 : doubled < 0x20_0000 ? 3 : doubled < 0x1000_0000 ? 4 : 5;
}
