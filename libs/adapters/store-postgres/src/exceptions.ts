import { PlumblineError } from '@plumbline/kernel';
import type { Exception, ExceptionTransition } from '@plumbline/contracts';
import type { ExceptionQuery } from '@plumbline/ports';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Database } from './database.ts';

/** `X-` and a number, in order of raising. @throws PlumblineError 'store-failed' for any other id */
export function numberOf(id: string): number {
  const match = /^X-(\d{1,15})$/.exec(id);
  if (match) return Number(match[1]);
  throw new PlumblineError('store-failed', `"${id}" is no exception id`, { where: 'store, exceptions', fix: 'ids are X- and a number' });
}

interface Order {
  column: string;
  /** The sort key of a cursor: the column's text, then the exception's number. */
  shape: readonly RegExp[];
  cast: string;
}

const NUMBER = /^\d{1,15}$/;
const DECIMAL = /^-?\d+(\.\d+)?(e[+-]\d+)?$/;
const ORDERS: Record<NonNullable<ExceptionQuery['sort']>, Order> = {
  priority: { column: 'priority', shape: [DECIMAL, NUMBER], cast: 'double precision' },
  value: { column: 'value_at_risk', shape: [DECIMAL, NUMBER], cast: 'numeric' },
  newest: { column: 'number', shape: [NUMBER, NUMBER], cast: 'bigint' },
};

export async function exceptions(database: Database, query: ExceptionQuery): Promise<{ items: Exception[]; next: string | undefined }> {
  const sort = query.sort ?? 'priority';
  const { column, shape, cast } = ORDERS[sort];
  const { where, values } = conditions(query);
  if (query.cursor !== undefined) {
    const [key, number] = decodeCursor(query.cursor, `exceptions by ${sort}`, shape);
    where.push(`(${column}, number) < ($${values.push(key)}::${cast}, $${values.push(number)}::bigint)`);
  }
  const rows = await database.rows<{ body: string; key: string; number: number }>(
    'listing exceptions',
    `SELECT body::text AS body, ${column}::text AS key, number FROM exception
     WHERE ${where.join(' AND ')} ORDER BY ${column} DESC, number DESC LIMIT $${values.push(query.limit + 1)}`,
    values,
  );
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    items: page.map(({ body }) => JSON.parse(body) as Exception),
    next: rows.length > query.limit && last ? encodeCursor(`exceptions by ${sort}`, [last.key, String(last.number)]) : undefined,
  };
}

function conditions(query: ExceptionQuery): { where: string[]; values: unknown[] } {
  const where: string[] = ['true'];
  const values: unknown[] = [];
  for (const name of ['status', 'kind', 'altitude'] as const) {
    const wanted = query[name];
    if (wanted) where.push(`${name} = ANY($${values.push(wanted)}::text[])`);
  }
  for (const name of ['family', 'region', 'location', 'sku', 'owner'] as const) {
    const wanted = query[name];
    if (wanted !== undefined) where.push(`${name} = $${values.push(wanted)}`);
  }
  return { where, values };
}

export async function exception(database: Database, id: string): Promise<Exception | undefined> {
  const [row] = await database.rows<{ body: string }>('reading an exception', 'SELECT body::text AS body FROM exception WHERE id = $1', [id]);
  return row && (JSON.parse(row.body) as Exception);
}

export async function transitions(database: Database, id: string): Promise<ExceptionTransition[]> {
  const rows = await database.rows<{ body: string }>(
    'reading transitions',
    'SELECT body::text AS body FROM exception_transition WHERE exception_id = $1 ORDER BY sequence',
    [id],
  );
  return rows.map(({ body }) => JSON.parse(body) as ExceptionTransition);
}

export async function changes(database: Database, after: number, limit: number): Promise<Exception[]> {
  const rows = await database.rows<{ body: string }>(
    'reading changes',
    'SELECT body::text AS body FROM exception WHERE change > $1 ORDER BY change, number LIMIT $2',
    [after, limit],
  );
  return rows.map(({ body }) => JSON.parse(body) as Exception);
}

export async function lastChange(database: Database): Promise<{ store: string; change: number }> {
  const [row] = await database.rows<{ store: string; change: number }>(
    'reading the last change',
    'SELECT id::text AS store, (SELECT coalesce(max(change), 0) FROM exception) AS change FROM store_identity',
  );
  return row!;
}
