import { DAY_MS } from '@plumbline/kernel';
import type { ArchivedEvent, ArchiveQuery } from '@plumbline/ports';
import { fenced } from './claims.ts';
import { CopyBuffer, storableText } from './copy-buffer.ts';
import { copyIn, type Database } from './database.ts';

/**
 * Archives events of one partition and the consumer's next offset in one transaction. Events below the stored offset
 * were archived before and are dropped, so no unique index is needed.
 * @throws PlumblineError 'fenced' when the epoch is not current
 */
export async function archive(database: Database, stream: string, epoch: number, partition: number, events: readonly ArchivedEvent[], offset: number): Promise<void> {
  await database.transaction('archiving events', 'SELECT 1', async (session, _, client) => {
    const [held] = await session.rows<{ epoch: number; next_offset: number | null }>(
      'SELECT epoch, next_offset FROM stream_partition WHERE stream = $1 AND partition = $2 FOR UPDATE',
      [stream, partition],
    );
    if (held?.epoch !== epoch) throw fenced(partition, epoch, held?.epoch);
    const fresh = held.next_offset === null ? events : events.filter((event) => event.offset >= held.next_offset!);
    if (fresh.length > 0) {
      const copy = 'COPY archived_event (time, partition, "offset", sku, location, value) FROM STDIN (FORMAT binary)';
      await copyIn(client, copy, encode(partition, fresh));
    }
    await session.run('UPDATE stream_partition SET next_offset = greatest(next_offset, $3) WHERE stream = $1 AND partition = $2', [
      stream,
      partition,
      offset,
    ]);
  });
}

function encode(partition: number, events: readonly ArchivedEvent[]): Uint8Array {
  const buffer = new CopyBuffer(events.reduce((size, { value }) => size + value.length + 80, 64));
  for (const { offset, sku, location, time, value } of events) {
    buffer.row(6);
    buffer.int8(time);
    buffer.int4(partition);
    buffer.int8(offset);
    buffer.text(sku && storableText(sku));
    buffer.text(location && storableText(location));
    buffer.bytes(value);
  }
  return buffer.finish();
}

/** Events of `from` ≤ time < `to`, ascending by time, then partition and offset. */
export async function archivedEvents(database: Database, query: ArchiveQuery): Promise<ArchivedEvent[]> {
  const values: unknown[] = [query.from, query.to];
  const where = ['time >= $1', 'time < $2'];
  if (query.sku !== undefined) where.push(`sku = $${values.push(query.sku)}`);
  if (query.location !== undefined) where.push(`location = $${values.push(query.location)}`);
  if (query.skus) where.push(`sku = ANY($${values.push(query.skus)}::text[])`);
  if (query.locations) where.push(`location = ANY($${values.push(query.locations)}::text[])`);
  if (query.after) {
    const at = values.push(query.after.time, query.after.partition, query.after.offset);
    where.push(`(time, partition, "offset") > ($${at - 2}::bigint, $${at - 1}::int, $${at}::bigint)`);
  }
  const rows = await database.rows<ArchivedEvent & { sku: string | null; location: string | null }>(
    'reading archived events',
    `SELECT "offset", partition, sku, location, time, value FROM archived_event
     WHERE ${where.join(' AND ')} ORDER BY time, partition, "offset" LIMIT $${values.push(query.limit)}`,
    values,
  );
  return rows.map((row) => ({ ...row, sku: row.sku ?? undefined, location: row.location ?? undefined }));
}

/**
 * Deletes archived events older than so many days before `now` (event time). @returns how many rows went one by one;
 * with TimescaleDB whole chunks go first, and are not counted
 */
export async function expireArchive(database: Database, timescale: boolean, days: number, now: number): Promise<number> {
  const before = Math.floor(now - days * DAY_MS);
  if (timescale) await database.rows('dropping archived chunks', `SELECT drop_chunks('archived_event', older_than => $1::bigint)`, [before]);
  return database.run('deleting archived events', 'DELETE FROM archived_event WHERE time < $1', [before]);
}
