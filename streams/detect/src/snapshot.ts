import type { ExceptionCommand } from '@plumbline/contracts';
import { PlumblineError } from '@plumbline/kernel';
import type { StreamCounters } from '@plumbline/ports';
import { crc32, utf8 } from './bytes.ts';
import type { WatchState } from './series.ts';

/** Everything of a partition's snapshot that is not in the banks' pages. */
export interface SnapshotMeta {
  tick: number | null;
  sources: string[];
  duplicates: Uint8Array;
  counters: StreamCounters;
  /** Sources named for their rejects; absent in older snapshots. */
  rejecting?: string[];
  commands: ExceptionCommand[];
  plans: { id: string; hash: string; effectiveAt: number }[];
  coming: { id: string; hash: string; effectiveAt: number }[];
  series: WatchState | undefined;
}

const MAGIC = 0x504c4d31;
const HEADER = 12;

/** Header (magic, length of the JSON, checksum), JSON, then the duplicate window's bytes. */
export function encodeMeta(meta: SnapshotMeta): Uint8Array {
  const { duplicates, ...rest } = meta;
  const json = new TextEncoder().encode(JSON.stringify(rest));
  const bytes = new Uint8Array(HEADER + json.length + duplicates.length);
  bytes.set(json, HEADER);
  bytes.set(duplicates, HEADER + json.length);
  const head = new DataView(bytes.buffer);
  head.setUint32(0, MAGIC);
  head.setUint32(4, json.length);
  head.setUint32(8, crc32(bytes.subarray(HEADER)));
  return bytes;
}

/** @throws PlumblineError 'snapshot-damaged' */
export function decodeMeta(bytes: Uint8Array): SnapshotMeta {
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER || head.getUint32(0) !== MAGIC || head.getUint32(8) !== crc32(bytes.subarray(HEADER))) {
    throw new PlumblineError('snapshot-damaged', 'The snapshot of a detect partition does not match its checksum.', {
      where: 'snapshot meta',
      fix: 'Restore the database from a backup, or drop the snapshot so that the partition is rebuilt from the log.',
    });
  }
  const length = head.getUint32(4);
  const rest = JSON.parse(utf8.decode(bytes.subarray(HEADER, HEADER + length))) as Omit<SnapshotMeta, 'duplicates'>;
  // A copy by construction: `slice` of a Node Buffer would be a view into a pool.
  return { ...rest, duplicates: new Uint8Array(bytes.subarray(HEADER + length)) };
}
