import { canonicalJson } from '@plumbline/kernel';
import type { Exception, ExceptionTransition } from '@plumbline/contracts';
import type { RollUpCommit } from '@plumbline/ports';
import { checkEpochs, lockRows, ROLL_UP, ROLL_UP_PARTITION, tickToSql } from './claims.ts';
import type { Database, Session } from './database.ts';
import { numberOf } from './exceptions.ts';
import { FEED_FACTS } from './feeds.ts';
import { upsertSamples } from './figures-samples.ts';
import { asBuffer, writePages } from './pages.ts';

export async function commitRollUp(database: Database, commit: RollUpCommit): Promise<void> {
  await database.transaction('committing the roll-up', lockRows(ROLL_UP, [ROLL_UP_PARTITION]), async (session, locked) => {
    checkEpochs(locked, [{ partition: ROLL_UP_PARTITION, epoch: commit.epoch }]);
    const tick = tickToSql(commit.tick);
    await upsertExceptions(session, commit.exceptions);
    await insertTransitions(session, commit.transitions);
    if (commit.figures !== undefined) await session.run(FIGURES, [tick, commit.figures]);
    if (commit.feeds !== undefined) await session.run(FEED_FACTS, [tick, commit.feeds]);
    await upsertSamples(session, commit.samples ?? []);
    const { pages, pageCount, meta } = commit.snapshot;
    await writePages(session, ROLL_UP, ROLL_UP_PARTITION, pages, pageCount);
    if (tick !== null) await session.run('DELETE FROM tick_delta WHERE tick <= $1', [tick]);
    // The roll-up reads no log: its snapshot's place in the input is the tick.
    await session.run(
      `WITH told AS (SELECT pg_notify('plumbline', 'changes'))
       UPDATE stream_partition SET tick = $3, snapshot_offset = coalesce($3::bigint, 0), snapshot_meta = $4
       WHERE stream = $1 AND partition = $2 AND EXISTS (SELECT FROM told)`,
      [ROLL_UP, ROLL_UP_PARTITION, tick, asBuffer(meta)],
    );
  });
}

const FIGURES = `INSERT INTO live_figures (tick, body) VALUES ($1, $2) ON CONFLICT (single) DO UPDATE SET tick = excluded.tick, body = excluded.body`;

/** Figures as the last commit that had any left them. */
export async function figures(database: Database): Promise<{ tick: number; body: string } | undefined> {
  const [row] = await database.rows<{ tick: number | null; body: string }>('reading live figures', 'SELECT tick, body FROM live_figures');
  return row && { tick: row.tick ?? -Infinity, body: row.body };
}

const EXCEPTION_COLUMNS: readonly (readonly [name: string, type: string, value: (e: Exception) => string | number | null])[] = [
  ['id', 'text', (e: Exception) => e.id],
  ['number', 'bigint', (e: Exception) => numberOf(e.id)],
  ['change', 'bigint', (e: Exception) => e.change],
  ['kind', 'text', (e: Exception) => e.kind],
  ['altitude', 'text', (e: Exception) => e.altitude],
  ['status', 'text', (e: Exception) => e.status],
  ['sku', 'text', (e: Exception) => e.scope.sku ?? null],
  ['family', 'text', (e: Exception) => e.scope.family ?? null],
  ['location', 'text', (e: Exception) => e.scope.location ?? null],
  ['region', 'text', (e: Exception) => e.scope.region ?? null],
  ['owner', 'text', (e: Exception) => e.owner],
  ['priority', 'double precision', (e: Exception) => e.priority],
  ['value_at_risk', 'numeric', (e: Exception) => e.valueAtRisk],
  ['raised_at', 'timestamptz', (e: Exception) => e.raisedAt],
  ['body', 'json', (e: Exception) => canonicalJson(e)],
];

const names = EXCEPTION_COLUMNS.map(([name]) => name);
const UPSERT = `INSERT INTO exception (${names.join(', ')})
  SELECT * FROM unnest(${EXCEPTION_COLUMNS.map(([, type], i) => `$${i + 1}::${type}[]`).join(', ')})
  ON CONFLICT (id) DO UPDATE SET ${names.slice(2).map((name) => `${name} = excluded.${name}`).join(', ')}`;

/** Whole exceptions; of several states of one, the last in the list counts. */
async function upsertExceptions(session: Session, list: readonly Exception[]): Promise<void> {
  const last = [...new Map(list.map((exception) => [exception.id, exception])).values()];
  for (let from = 0; from < last.length; from += 500) {
    const batch = last.slice(from, from + 500);
    await session.run(UPSERT, EXCEPTION_COLUMNS.map(([, , value]) => batch.map(value)));
  }
}

/** The same (exception, sequence) again is dropped. */
async function insertTransitions(session: Session, list: readonly ExceptionTransition[]): Promise<void> {
  for (let from = 0; from < list.length; from += 2000) {
    const batch = list.slice(from, from + 2000);
    await session.run(
      `INSERT INTO exception_transition (exception_id, sequence, change, at, action, body)
       SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::timestamptz[], $5::text[], $6::json[])
       ON CONFLICT (exception_id, sequence) DO NOTHING`,
      [
        batch.map(({ exceptionId }) => exceptionId),
        batch.map(({ sequence }) => sequence),
        batch.map(({ change }) => change),
        batch.map(({ at }) => at),
        batch.map(({ action }) => action),
        batch.map(canonicalJson),
      ],
    );
  }
}
