import type { FiguresSample } from '@plumbline/ports';
import type { Database, Session } from './database.ts';

const QUARTER_MS = 15 * 60_000;

/** Of several samples of a quarter the last in the list counts. */
export async function upsertSamples(session: Session, samples: readonly FiguresSample[]): Promise<void> {
  const quarters = new Map(samples.map((sample) => [Math.floor(sample.at / QUARTER_MS), sample]));
  if (quarters.size === 0) return;
  const last = [...quarters.values()];
  await session.run(
    `INSERT INTO figures_sample (quarter, at, today, week, month, value_at_risk, open, unowned, silent)
     SELECT * FROM unnest($1::int[], $2::bigint[], $3::float8[], $4::float8[], $5::float8[], $6::numeric[], $7::int[], $8::int[], $9::int[])
     ON CONFLICT (quarter) DO UPDATE SET at = excluded.at, today = excluded.today, week = excluded.week, month = excluded.month,
       value_at_risk = excluded.value_at_risk, open = excluded.open, unowned = excluded.unowned, silent = excluded.silent`,
    [
      [...quarters.keys()],
      last.map(({ at }) => at),
      last.map(({ today }) => today),
      last.map(({ week }) => week),
      last.map(({ month }) => month),
      last.map(({ valueAtRisk }) => valueAtRisk),
      last.map(({ open }) => open),
      last.map(({ unowned }) => unowned),
      last.map(({ silent }) => silent),
    ],
  );
}

export function figuresSamples(database: Database, from: number, to: number): Promise<FiguresSample[]> {
  return database.rows<FiguresSample>(
    'reading samples of figures',
    `SELECT at, today, week, month, value_at_risk::text AS "valueAtRisk", open, unowned, silent FROM figures_sample
     WHERE at >= $1 AND at < $2 ORDER BY at`,
    [Math.max(0, Math.ceil(from)), Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(to))],
  );
}

export async function expireSamples(database: Database, before: number): Promise<void> {
  await database.run('deleting old samples of figures', 'DELETE FROM figures_sample WHERE at < $1', [Math.floor(before)]);
}
