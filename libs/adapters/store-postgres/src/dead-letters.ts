import { compareText } from '@plumbline/kernel';
import type { DeadLetter, DeadLetterQuery, NewDeadLetter } from '@plumbline/ports';
import { tickFromSql, tickToSql } from './claims.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Database, Row, Session } from './database.ts';
import { asBuffer } from './pages.ts';

const COLUMNS = 7;
const NUMBER = /^\d{1,19}$/;

/** Adds those whose key is new; in key order, so that two transactions with the same letters never deadlock. */
export async function insertDeadLetters(session: Session, letters: readonly NewDeadLetter[]): Promise<void> {
  const sorted = letters.length > 1 ? letters.toSorted((a, b) => compareText(a.key, b.key)) : letters;
  for (let from = 0; from < sorted.length; ) {
    const values: unknown[] = [];
    const rows: string[] = [];
    for (let bytes = 0; from < sorted.length && rows.length < 2000 && bytes < 8 << 20; from++) {
      const { key, reason, detail, source, eventId, payload, at } = sorted[from]!;
      const first = values.push(key, reason, detail, source ?? null, eventId ?? null, asBuffer(payload), tickToSql(at)) - COLUMNS + 1;
      rows.push(`($${first}, $${first + 1}, $${first + 2}, $${first + 3}, $${first + 4}, $${first + 5}::bytea, $${first + 6}::bigint)`);
      bytes += payload.length;
    }
    await session.run(
      `INSERT INTO dead_letter (key, reason, detail, source, event_id, payload, at) VALUES ${rows.join(', ')} ON CONFLICT (key) DO NOTHING`,
      values,
    );
  }
}

export const addDeadLetters = (database: Database, letters: readonly NewDeadLetter[]): Promise<void> =>
  database.transaction('adding dead letters', 'SELECT 1', (session) => insertDeadLetters(session, letters));

/** Newest first. */
export async function deadLetters(database: Database, query: DeadLetterQuery): Promise<{ items: DeadLetter[]; next: string | undefined }> {
  const where: string[] = ['true'];
  const values: unknown[] = [];
  if (query.reason !== undefined) where.push(`reason = $${values.push(query.reason)}`);
  if (query.state) where.push(`redriven_at IS ${query.state === 'open' ? '' : 'NOT '}NULL`);
  if (query.cursor !== undefined) where.push(`id < $${values.push(decodeCursor(query.cursor, 'dead-letters', [NUMBER])[0])}`);
  const rows = await database.rows(
    'listing dead letters',
    `SELECT id, key, reason, detail, source, event_id, payload, at, redriven_at FROM dead_letter
     WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT $${values.push(query.limit + 1)}`,
    values,
  );
  const items = rows.slice(0, query.limit).map(letterOf);
  const last = items.at(-1);
  return { items, next: rows.length > query.limit && last ? encodeCursor('dead-letters', [last.id]) : undefined };
}

const letterOf = (row: Row): DeadLetter => ({
  id: String(row['id']),
  key: row['key'] as string,
  reason: row['reason'] as string,
  detail: row['detail'] as string,
  source: (row['source'] as string | null) ?? undefined,
  eventId: (row['event_id'] as string | null) ?? undefined,
  payload: row['payload'] as Buffer,
  at: tickFromSql(row['at']),
  redrivenAt: (row['redriven_at'] as number | null) ?? undefined,
});

export const deadLetterCounts = (database: Database): Promise<{ reason: string; open: number; redriven: number }[]> =>
  database.rows(
    'counting dead letters',
    'SELECT reason, count(*) - count(redriven_at) AS open, count(redriven_at) AS redriven FROM dead_letter GROUP BY reason ORDER BY reason',
  );

/** Marks those still open; ids that are none of ours are passed over. */
export async function markRedriven(database: Database, ids: readonly string[], at: number): Promise<void> {
  await database.run('marking dead letters', 'UPDATE dead_letter SET redriven_at = $2 WHERE id = ANY($1::bigint[]) AND redriven_at IS NULL', [
    ids.filter((id) => NUMBER.test(id)),
    at,
  ]);
}
