import type { Connection } from './connection.ts';

/** Held while retention is applied: one process at a time is enough. */
const RETENTION_LOCK = 7_010_111;
/** Blocks deleted per statement, so that none runs for long. */
const CHUNK = 2_000;

/**
 * Deletes blocks older than their topic's retention and raises `low`. Only whole blocks go, and only from the front:
 * a block stays while an older one stays, so what is retained has no hole.
 * @param now milliseconds UTC
 * @returns how many blocks were deleted
 */
export async function applyRetention(connection: Connection, now: number, topic?: string): Promise<number> {
  const topics = await connection.query<{ id: number; partition: number; cutoff: string }>(
    `SELECT t.id, p.partition, $1::bigint - t.retention_ms AS cutoff FROM log.topics t JOIN log.partitions p ON p.topic_id = t.id
     WHERE t.retention_ms IS NOT NULL AND ($2::text IS NULL OR t.topic = $2) ORDER BY t.id, p.partition`,
    [now, topic ?? null],
  );
  let total = 0;
  for (const { id, partition, cutoff } of topics) {
    for (let deleted = CHUNK; deleted === CHUNK; total += deleted)
      deleted = await dropFront(connection, id, partition, cutoff);
  }
  return total;
}

async function dropFront(connection: Connection, topicId: number, partition: number, cutoff: string): Promise<number> {
  const [row] = await connection.query<{ deleted: string }>(
    `WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(${RETENTION_LOCK}) AS ours), kept AS (
       SELECT base_offset FROM log.batches WHERE topic_id = $1 AND partition = $2 AND max_time >= $3::bigint ORDER BY base_offset LIMIT 1
     ), gone AS (
       DELETE FROM log.batches b USING (
         SELECT base_offset FROM log.batches, turn
         WHERE turn.ours AND topic_id = $1 AND partition = $2 AND max_time < $3::bigint
           AND base_offset < COALESCE((SELECT base_offset FROM kept), 9223372036854775807)
         ORDER BY base_offset LIMIT ${CHUNK}) AS old
       WHERE b.topic_id = $1 AND b.partition = $2 AND b.base_offset = old.base_offset
       RETURNING b.base_offset + b.count AS upto
     ), raised AS (
       UPDATE log.partitions SET low = greatest(low, (SELECT max(upto) FROM gone))
       WHERE topic_id = $1 AND partition = $2 AND EXISTS (SELECT FROM gone)
     )
     SELECT count(*) AS deleted FROM gone`,
    [topicId, partition, cutoff],
  );
  return Number(row!.deleted);
}
