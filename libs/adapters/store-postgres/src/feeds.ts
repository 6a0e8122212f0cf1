import type { DetectCommit, FeedTally } from '@plumbline/ports';
import { DETECT, tickToSql } from './claims.ts';
import { safeInteger, type Database, type Session } from './database.ts';

/** Event time between two marks of a feed, at least. */
const MARK_MS = 60_000;

/** Adds a commit's counts up. The mark moves on once it is a minute old; the one before it tells the rate until then. */
export async function addFeedCounts(session: Session, commits: readonly DetectCommit[]): Promise<void> {
  const all = commits.flatMap(({ partition, tick, feeds = [] }) => feeds.map((feed) => ({ ...feed, partition, tick })));
  if (all.length === 0) return;
  await session.run(
    `INSERT INTO feed_count AS f (partition, location, source, accepted, late, duplicates, outside_window, rejected, last_at, counted_at, mark_at, mark_accepted)
     SELECT *, counted_at, accepted
     FROM unnest($1::int[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
       AS u (partition, location, source, accepted, late, duplicates, outside_window, rejected, last_at, counted_at)
     ORDER BY partition, location, source
     ON CONFLICT (partition, location, source) DO UPDATE SET
       accepted = f.accepted + excluded.accepted,
       late = f.late + excluded.late,
       duplicates = f.duplicates + excluded.duplicates,
       outside_window = f.outside_window + excluded.outside_window,
       rejected = f.rejected + excluded.rejected,
       last_at = greatest(f.last_at, excluded.last_at),
       counted_at = greatest(f.counted_at, excluded.counted_at),
       before_at = CASE WHEN ${MOVES} THEN f.mark_at ELSE f.before_at END,
       before_accepted = CASE WHEN ${MOVES} THEN f.mark_accepted ELSE f.before_accepted END,
       mark_at = CASE WHEN ${MOVES} THEN excluded.counted_at ELSE f.mark_at END,
       mark_accepted = CASE WHEN ${MOVES} THEN f.accepted + excluded.accepted ELSE f.mark_accepted END`,
    [
      all.map(({ partition }) => partition),
      all.map(({ location }) => location),
      all.map(({ source }) => source),
      all.map(({ accepted }) => accepted),
      all.map(({ late }) => late),
      all.map(({ duplicates }) => duplicates),
      all.map(({ outsideWindow }) => outsideWindow),
      all.map(({ rejected }) => rejected),
      all.map(({ lastAt }) => lastAt ?? null),
      all.map(({ tick }) => tickToSql(tick)),
    ],
    'plumbline-feeds',
  );
}

const MOVES = `excluded.counted_at >= coalesce(f.mark_at + ${MARK_MS}, excluded.counted_at)`;

/** A feed of which nothing came for two minutes, up to its partition's tick, sends nothing now. */
const RATE = `CASE
  WHEN f.counted_at IS NULL OR f.counted_at < s.tick - 2 * ${MARK_MS} THEN 0
  WHEN f.before_at IS NOT NULL AND s.tick > f.before_at THEN (f.accepted - f.before_accepted) * 1000.0 / (s.tick - f.before_at)
  WHEN s.tick > f.mark_at THEN (f.accepted - f.mark_accepted) * 1000.0 / (s.tick - f.mark_at)
  ELSE 0 END`;

const SUMS = ['accepted', 'late', 'duplicates', 'outside_window', 'rejected'] as const;

export async function feedCounts(database: Database): Promise<FeedTally[]> {
  const rows = await database.rows<Record<string, string | number | null>>(
    'reading feeds',
    `SELECT f.location, f.source, ${SUMS.map((name) => `sum(f.${name})::float8 AS ${name}`).join(', ')}, max(f.last_at) AS last_at, sum(${RATE})::float8 AS rate
     FROM feed_count f LEFT JOIN stream_partition s ON s.stream = $1 AND s.partition = f.partition
     GROUP BY f.location, f.source ORDER BY f.location, f.source`,
    [DETECT],
  );
  return rows.map((row) => ({
    location: String(row['location']),
    source: String(row['source']),
    accepted: safeInteger(row['accepted']),
    late: safeInteger(row['late']),
    duplicates: safeInteger(row['duplicates']),
    outsideWindow: safeInteger(row['outside_window']),
    rejected: safeInteger(row['rejected']),
    lastAt: row['last_at'] === null ? undefined : Number(row['last_at']),
    eventsPerSecond: Number(row['rate']),
  }));
}

export const FEED_FACTS = `INSERT INTO live_feeds (tick, body) VALUES ($1, $2) ON CONFLICT (single) DO UPDATE SET tick = excluded.tick, body = excluded.body`;

export async function feedFacts(database: Database): Promise<{ tick: number; body: string } | undefined> {
  const [row] = await database.rows<{ tick: number | null; body: string }>('reading how feeds stand', 'SELECT tick, body FROM live_feeds');
  return row && { tick: row.tick ?? -Infinity, body: row.body };
}

/** Of how many of people's latest transitions the names are taken. */
const LOOKED_AT = 5000;

export async function people(database: Database, limit: number): Promise<{ name: string; lastAt: number }[]> {
  const rows = await database.rows<{ name: string; lastAt: number }>(
    'reading names of people',
    `SELECT name, floor(extract(epoch FROM max(at)) * 1000)::float8 AS "lastAt" FROM (
       (SELECT body->>'by' AS name, at FROM exception_transition
        WHERE action IN ('acknowledged', 'assigned', 'started', 'snoozed', 'resolved', 'dismissed', 'commented', 'reopened', 'undone')
        ORDER BY at DESC LIMIT ${LOOKED_AT})
       UNION ALL
       SELECT owner, (body->>'updatedAt')::timestamptz FROM exception WHERE owner IS NOT NULL
     ) seen WHERE name IS NOT NULL GROUP BY name ORDER BY max(at) DESC, name COLLATE "C" LIMIT $1`,
    [limit],
  );
  return rows.map(({ name, lastAt }) => ({ name, lastAt: Number(lastAt) }));
}
