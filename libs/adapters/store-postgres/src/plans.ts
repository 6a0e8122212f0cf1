import { canonicalJson, PlumblineError } from '@plumbline/kernel';
import type { PlanVersionSummary } from '@plumbline/contracts';
import type { StoredPlan } from '@plumbline/ports';
import type { Database } from './database.ts';
import { asBuffer } from './pages.ts';

/** The order in which a version moves; it never moves back. */
const STATUSES: readonly PlanVersionSummary['status'][] = ['draft', 'in-review', 'recommended', 'committed', 'superseded'];

/**
 * Stores a version, or moves the status of the one that is there forward. Saving the same or an earlier status again
 * changes nothing, so that importing a file a second time does not turn a committed plan into a draft.
 * @throws PlumblineError 'plan-immutable' when the id is there with another hash
 * @returns whether anything changed
 */
export async function savePlan(database: Database, plan: StoredPlan): Promise<boolean> {
  const { summary, body } = plan;
  const rank = STATUSES.indexOf(summary.status);
  return database.transaction('saving a plan version', 'SELECT 1', async (session) => {
    // The body may be a hundred megabytes: it is sent only when the version is new.
    const find = 'SELECT hash, status FROM plan_version WHERE id = $1 FOR UPDATE';
    let [there] = await session.rows<{ hash: string; status: PlanVersionSummary['status'] }>(find, [summary.id]);
    if (!there) {
      const added = await session.run(
        'INSERT INTO plan_version (id, hash, status, created_at, summary, body) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING',
        [summary.id, summary.hash, summary.status, summary.createdAt, canonicalJson(summary), asBuffer(body)],
      );
      if (added === 1) return told(session);
      [there] = await session.rows<{ hash: string; status: PlanVersionSummary['status'] }>(find, [summary.id]);
    }
    if (there?.hash !== summary.hash) throw immutable(summary, there?.hash);
    if (rank <= STATUSES.indexOf(there.status)) return false;
    await session.run('UPDATE plan_version SET status = $2, summary = $3 WHERE id = $1', [summary.id, summary.status, canonicalJson(summary)]);
    return told(session);
  });
}

async function told(session: { run(text: string): Promise<number> }): Promise<true> {
  await session.run(`SELECT pg_notify('plumbline', 'plans')`);
  return true;
}

const immutable = (summary: PlanVersionSummary, hash: string | undefined): PlumblineError =>
  new PlumblineError('plan-immutable', `plan version ${summary.id} is stored with hash ${hash}, not ${summary.hash}`, {
    where: 'store, plan versions',
    fix: 'a changed plan is a new version: give it an id of its own',
  });

/** By id, else by hash; where versions share a hash, the one that came furthest, then the oldest. */
export async function plan(database: Database, idOrHash: string): Promise<StoredPlan | undefined> {
  const [row] = await database.rows<{ summary: string; body: Buffer }>(
    'reading a plan version',
    `SELECT summary::text AS summary, body FROM plan_version WHERE id = $1 OR hash = $1
     ORDER BY (id = $1) DESC, (status = 'committed') DESC, (status = 'superseded') DESC, created_at, id LIMIT 1`,
    [idOrHash],
  );
  return row && { summary: JSON.parse(row.summary) as PlanVersionSummary, body: row.body };
}

export async function plans(database: Database): Promise<PlanVersionSummary[]> {
  const rows = await database.rows<{ summary: string }>('listing plan versions', 'SELECT summary::text AS summary FROM plan_version ORDER BY created_at, id');
  return rows.map(({ summary }) => JSON.parse(summary) as PlanVersionSummary);
}
