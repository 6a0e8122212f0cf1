import { PlumblineError } from '@plumbline/kernel';
import type { Claim, StoredDelta, StreamCounters } from '@plumbline/ports';
import type { Database, Row } from './database.ts';

/** The stream whose partitions `commitDetect` writes, and the one `commitRollUp` writes (partition −1). */
export const DETECT = 'detect';
export const ROLL_UP = 'rollup';
export const ROLL_UP_PARTITION = -1;

/** The roll-up has one row whatever stream it is claimed through. */
export const streamOf = (stream: string, partition: number): string => (partition === ROLL_UP_PARTITION ? ROLL_UP : stream);

/** Ticks are stored as null before the first one. */
export const tickToSql = (tick: number): number | null => (Number.isFinite(tick) ? tick : null);
export const tickFromSql = (tick: unknown): number => (tick === null || tick === undefined ? -Infinity : Number(tick));

export async function claim(database: Database, stream: string, partition: number, owner: string): Promise<Claim> {
  const [row] = await database.rows(
    'claiming a partition',
    `INSERT INTO stream_partition (stream, partition, epoch, owner) VALUES ($1, $2, 1, $3)
     ON CONFLICT (stream, partition) DO UPDATE SET epoch = stream_partition.epoch + 1, owner = excluded.owner, commit_number = NULL
     RETURNING epoch, next_offset, tick, snapshot_offset, snapshot_meta`,
    [streamOf(stream, partition), partition, owner],
  );
  const { epoch, next_offset: offset, tick, snapshot_offset: at, snapshot_meta: meta } = row!;
  return {
    epoch: epoch as number,
    offset: offset === null ? undefined : (offset as number),
    tick: tickFromSql(tick),
    snapshot: meta === null ? undefined : { offset: at as number, meta: meta as Buffer },
  };
}

/** Locks rows of a stream in partition order; sent with BEGIN, so it carries integers only. */
export const lockRows = (stream: typeof DETECT | typeof ROLL_UP, partitions: readonly number[]): string =>
  `SELECT partition, epoch, next_offset, commit_number FROM stream_partition WHERE stream = '${stream}'
   AND partition IN (${partitions.map(integer).join(', ')}) ORDER BY partition FOR UPDATE`;

function integer(value: number): number {
  if (Number.isInteger(value)) return value;
  throw new PlumblineError('not-an-integer', `partition ${value}`, { where: 'store', fix: 'partitions are numbered from 0' });
}

/** @throws PlumblineError 'fenced' unless every epoch is the current one */
export function checkEpochs(rows: readonly Row[], held: readonly { partition: number; epoch: number }[]): void {
  const current = new Map(rows.map((row) => [row['partition'] as number, row['epoch'] as number]));
  for (const { partition, epoch } of held) if (current.get(partition) !== epoch) throw fenced(partition, epoch, current.get(partition));
}

export const fenced = (partition: number, epoch: number, current: number | undefined): PlumblineError =>
  new PlumblineError(
    'fenced',
    `partition ${partition} was committed under epoch ${epoch}, ${current === undefined ? 'which is not the current one' : `but its epoch is ${current}`}: another member has taken it`,
    { where: 'store, commit', fix: 'drop the partition; nothing was written' },
  );

export async function detectTicks(database: Database, partitions: number): Promise<number[]> {
  const rows = await database.rows<{ partition: number; tick: number | null }>(
    'reading ticks',
    'SELECT partition, tick FROM stream_partition WHERE stream = $1 AND partition >= 0 AND partition < $2',
    [DETECT, partitions],
  );
  const ticks = new Array<number>(partitions).fill(-Infinity);
  for (const { partition, tick } of rows) ticks[partition] = tickFromSql(tick);
  return ticks;
}

export async function countedTicks(database: Database, partitions: number): Promise<number[]> {
  const rows = await database.rows<{ partition: number; tick: number | null }>(
    'reading ticks',
    'SELECT partition, counted_tick AS tick FROM stream_partition WHERE stream = $1 AND partition >= 0 AND partition < $2',
    [DETECT, partitions],
  );
  const ticks = new Array<number>(partitions).fill(-Infinity);
  for (const { partition, tick } of rows) ticks[partition] = tickFromSql(tick);
  return ticks;
}

export async function rollUpTick(database: Database): Promise<number> {
  const [row] = await database.rows<{ tick: number | null }>('reading ticks', 'SELECT tick FROM stream_partition WHERE stream = $1 AND partition = $2', [
    ROLL_UP,
    ROLL_UP_PARTITION,
  ]);
  return tickFromSql(row?.tick);
}

export async function deltas(database: Database, after: number, through: number, limit: number): Promise<StoredDelta[]> {
  if (through === -Infinity) return [];
  return database.rows<StoredDelta>(
    'reading tick deltas',
    `SELECT tick, partition, payload FROM tick_delta
     WHERE ($1::bigint IS NULL OR tick > $1) AND ($2::bigint IS NULL OR tick <= $2) ORDER BY tick, partition LIMIT $3`,
    [tickToSql(after), tickToSql(through), limit],
  );
}

export const noCounts = (): StreamCounters => ({
  accepted: 0,
  sales: 0,
  returns: 0,
  other: 0,
  duplicates: 0,
  outsideWindow: 0,
  late: 0,
  unplanned: 0,
  rejected: {},
});

export async function counters(database: Database): Promise<StreamCounters> {
  const rows = await database.rows<{ counters: StreamCounters }>(
    'reading counters',
    'SELECT counters FROM stream_partition WHERE stream = $1 AND partition >= 0 AND counters IS NOT NULL ORDER BY partition',
    [DETECT],
  );
  const sum = noCounts();
  for (const { counters: part } of rows) {
    for (const name of ['accepted', 'sales', 'returns', 'other', 'duplicates', 'outsideWindow', 'late', 'unplanned'] as const) sum[name] += part[name];
    for (const [reason, count] of Object.entries(part.rejected)) sum.rejected[reason] = (sum.rejected[reason] ?? 0) + count;
  }
  return sum;
}

export async function unplanned(database: Database, limit: number): Promise<{ sku: string; location: string; lines: number; lastAt: number }[]> {
  return database.rows(
    'reading unplanned series',
    'SELECT sku, location, lines, last_at AS "lastAt" FROM unplanned_series ORDER BY lines DESC, sku, location LIMIT $1',
    [limit],
  );
}
