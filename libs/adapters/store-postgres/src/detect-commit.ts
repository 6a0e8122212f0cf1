import { PlumblineError } from '@plumbline/kernel';
import type { DetectCommit } from '@plumbline/ports';
import type pg from 'pg';
import { appendActuals } from './actuals-append.ts';
import { checkEpochs, DETECT, fenced, lockRows, ROLL_UP, ROLL_UP_PARTITION, tickToSql } from './claims.ts';
import type { Database, Session } from './database.ts';
import { insertDeadLetters } from './dead-letters.ts';
import { addFeedCounts } from './feeds.ts';
import { asBuffer, writePages } from './pages.ts';
import type { SeriesIds } from './series-ids.ts';

/** Applies commits of several partitions in one transaction, or nothing. @returns whether there were deltas */
export async function commitDetect(database: Database, series: SeriesIds, commits: readonly DetectCommit[]): Promise<boolean> {
  if (commits.length === 0) return false;
  checkPartitions(commits);
  if (commits.every(movesOnly)) {
    await moveOnly(database, commits);
    return false;
  }
  const opening = lockRows(DETECT, commits.map(({ partition }) => partition));
  const remember = await database.transaction('committing detect results', opening, async (session, locked, client) => {
    checkEpochs(locked, commits);
    const done = new Map(locked.map((row) => [row['partition'] as number, (row['commit_number'] as number | null) ?? -1]));
    const news = commits.filter(({ partition, number }) => number === undefined || number > done.get(partition)!);
    return news.length > 0 ? writeResults(session, client, series, news) : () => {};
  });
  remember();
  return commits.some(({ deltas }) => deltas.length > 0);
}

async function writeResults(session: Session, client: pg.PoolClient, series: SeriesIds, commits: readonly DetectCommit[]): Promise<() => void> {
  const remember = await appendActuals(session, client, series, commits.flatMap(({ actuals }) => actuals ?? []));
  await insertDeltas(session, commits);
  await insertDeadLetters(session, commits.flatMap(({ deadLetters }) => deadLetters));
  await upsertUnplanned(session, commits.flatMap(({ unplanned }) => unplanned));
  await addFeedCounts(session, commits);
  for (const { partition, snapshot, offset, tick } of commits) {
    if (!snapshot) continue;
    await writePages(session, DETECT, partition, snapshot.pages, snapshot.pageCount);
    await session.run('UPDATE stream_partition SET snapshot_offset = $3, snapshot_meta = $4, counted_tick = $5 WHERE stream = $1 AND partition = $2', [
      DETECT,
      partition,
      offset,
      asBuffer(snapshot.meta),
      tickToSql(tick),
    ]);
  }
  const notify = commits.some(({ deltas }) => deltas.length > 0) ? `, told AS (SELECT pg_notify('plumbline', 'deltas'))` : '';
  const move = `WITH ${WANTED}${notify} ${MOVE} ${notify ? 'AND EXISTS (SELECT FROM told)' : ''}`;
  await session.run(move, moveValues(commits), notify ? 'plumbline-move-told' : 'plumbline-move');
  return remember;
}

const WANTED = `wanted AS (
  SELECT * FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[]) AS w (partition, epoch, next_offset, tick, counters, number))`;
const MOVE = `UPDATE stream_partition s SET next_offset = w.next_offset, tick = w.tick, counters = w.counters::jsonb, commit_number = w.number
  FROM wanted w WHERE s.stream = $1 AND s.partition = w.partition AND s.epoch = w.epoch`;

const moveValues = (commits: readonly DetectCommit[]): unknown[] => [
  DETECT,
  commits.map(({ partition }) => partition),
  commits.map(({ epoch }) => epoch),
  commits.map(({ offset }) => offset),
  commits.map(({ tick }) => tickToSql(tick)),
  commits.map(({ counters }) => JSON.stringify(counters)),
  commits.map(({ number }) => number ?? null),
];

const movesOnly = (commit: DetectCommit): boolean =>
  commit.deltas.length === 0 &&
  commit.deadLetters.length === 0 &&
  commit.unplanned.length === 0 &&
  (commit.feeds === undefined || commit.feeds.length === 0) &&
  commit.snapshot === undefined &&
  (commit.actuals === undefined || commit.actuals.sku.length === 0);

/** A commit with nothing but new offsets is one statement: it locks, checks all epochs, and moves all rows or none. */
async function moveOnly(database: Database, commits: readonly DetectCommit[]): Promise<void> {
  const moved = await database.run(
    'committing offsets',
    `WITH ${WANTED}, held AS (
       SELECT s.partition FROM stream_partition s JOIN wanted w USING (partition)
       WHERE s.stream = $1 AND s.epoch = w.epoch ORDER BY s.partition FOR UPDATE OF s)
     ${MOVE} AND (SELECT count(*) FROM held) = $8`,
    [...moveValues(commits), commits.length],
    'plumbline-offsets',
  );
  if (moved !== commits.length) throw fenced(commits[0]!.partition, commits[0]!.epoch, undefined);
}

function checkPartitions(commits: readonly DetectCommit[]): void {
  if (new Set(commits.map(({ partition }) => partition)).size === commits.length) return;
  throw new PlumblineError('store-failed', 'one commit names a partition twice', { where: 'store, commitDetect', fix: 'merge the parts of a partition before committing' });
}

/** Up to so many deltas in a statement its plan is kept, one for each number. */
const FEW = 16;

/** A re-sent (partition, tick) is dropped, also when the roll-up has already handled and deleted it. */
async function insertDeltas(session: Session, commits: readonly DetectCommit[]): Promise<void> {
  const all = commits.flatMap(({ partition, deltas }) => deltas.map(({ tick, payload }) => ({ partition, tick, payload })));
  for (let from = 0; from < all.length; ) {
    const values: unknown[] = [ROLL_UP, ROLL_UP_PARTITION];
    const rows: string[] = [];
    for (let bytes = 0; from < all.length && rows.length < 1000 && bytes < 8 << 20; from++) {
      const { partition, tick, payload } = all[from]!;
      const at = values.push(tick, partition, asBuffer(payload)) - 2;
      rows.push(`($${at}::bigint, $${at + 1}::int, $${at + 2}::bytea)`);
      bytes += payload.length;
    }
    await session.run(
      `INSERT INTO tick_delta (tick, partition, payload)
       SELECT * FROM (VALUES ${rows.join(', ')}) AS d (tick, partition, payload)
       WHERE NOT EXISTS (SELECT FROM stream_partition s WHERE s.stream = $1 AND s.partition = $2 AND s.tick >= d.tick)
       ON CONFLICT (tick, partition) DO NOTHING`,
      values,
      rows.length <= FEW ? `plumbline-deltas-${rows.length}` : undefined,
    );
  }
}

async function upsertUnplanned(session: Session, series: DetectCommit['unplanned']): Promise<void> {
  if (series.length === 0) return;
  await session.run(
    `INSERT INTO unplanned_series (sku, location, lines, last_at)
     SELECT sku, location, sum(lines), max(last_at) FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS u (sku, location, lines, last_at)
     GROUP BY sku, location ORDER BY sku, location
     ON CONFLICT (sku, location) DO UPDATE
     SET lines = unplanned_series.lines + excluded.lines, last_at = greatest(unplanned_series.last_at, excluded.last_at)`,
    [series.map(({ sku }) => sku), series.map(({ location }) => location), series.map(({ lines }) => lines), series.map(({ lastAt }) => lastAt)],
  );
}
