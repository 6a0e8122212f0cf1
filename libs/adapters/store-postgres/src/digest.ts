import { createHash, type Hash } from 'node:crypto';
import type { Digest } from '@plumbline/ports';
import type pg from 'pg';
import { CopyRows, eachInteger, textAt } from './copy-rows.ts';
import { copyOut, safeInteger, type Database } from './database.ts';

/**
 * Nothing in the digests depends on partitions, flushes, claims or the order of arrival; texts are ordered by code
 * points (collation "C"). Rows are streamed, never held.
 * - exceptions: every exception by number, then every transition by exception number and sequence, each as COPY's text;
 * - actuals: a line of JSON [SKU, location, day, hour, lines, units, revenue] per hour, summed over rows; hours whose
 *   sums are all 0 are left out;
 * - dead letters: key, reason, source, event id, payload, as COPY's text. Neither `at` nor `detail`: of two equal
 *   letters the first one stays, and which that is depends on who came first.
 */
export async function digest(database: Database): Promise<Digest> {
  const opening = `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL work_mem = '64MB'`;
  return database.transaction('computing the digest', opening, async (_, __, client) => ({
    exceptions: await hashOf(client, EXCEPTIONS),
    actuals: await actualsHash(client),
    deadLetters: await hashOf(client, DEAD_LETTERS),
  }));
}

const EXCEPTIONS = [
  'SELECT number, body::text FROM exception ORDER BY number',
  'SELECT exception_id, sequence, body::text FROM exception_transition ORDER BY length(exception_id), exception_id, sequence',
];
const DEAD_LETTERS = [`SELECT key, reason, source, event_id, encode(payload, 'hex') FROM dead_letter ORDER BY key`];

async function hashOf(client: pg.PoolClient, selects: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const select of selects) {
    await copyOut(client, `COPY (${select}) TO STDOUT`, (chunk) => void hash.update(chunk));
    hash.update('\n');
  }
  return hash.digest('hex');
}

/**
 * The database sorts the rows (one per series, day and flush), the hours are added up here: grouping every hour in
 * SQL took four times as long and half a gigabyte of its memory for two million hours.
 */
async function actualsHash(client: pg.PoolClient): Promise<string> {
  const sums = new HourSums(createHash('sha256'));
  const rows = new CopyRows(7, (buffer, starts) => sums.add(buffer, starts));
  await copyOut(
    client,
    `COPY (SELECT s.sku, s.location, a.day, a.hours, a.hour_lines, a.hour_units, a.hour_revenue
     FROM actuals a JOIN series s ON s.id = a.series ORDER BY s.sku, s.location, a.day) TO STDOUT (FORMAT binary)`,
    (chunk) => rows.push(chunk),
  );
  return sums.finish();
}

const BATCH = 1 << 16;

/** Sums of one series and day at a time, written out when the next begins. */
class HourSums {
  readonly #hash: Hash;
  readonly #sums = [new Float64Array(24), new Float64Array(24), new Float64Array(24)] as const;
  readonly #hours = new Int32Array(24);
  #key: Buffer = Buffer.alloc(0);
  #series = '';
  #day = 0;
  #text = '';

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  add(buffer: Buffer, starts: Int32Array): void {
    const [sku, location, day, hours, lines, units, revenue] = starts as unknown as [number, number, number, number, number, number, number];
    // SKU, location and day with their lengths: bytes tell whether it is still the same series and day.
    const key = buffer.subarray(sku - 4, day + 4);
    if (!key.equals(this.#key)) {
      this.#write();
      this.#key = Buffer.from(key);
      this.#series = `[${JSON.stringify(textAt(buffer, sku))},${JSON.stringify(textAt(buffer, location))}`;
      this.#day = buffer.readInt32BE(day);
    }
    const at = this.#hours;
    eachInteger(buffer, hours, 2, (i, hour) => (at[i] = hour));
    eachInteger(buffer, lines, 4, (i, value) => (this.#sums[0][at[i]!]! += value));
    eachInteger(buffer, units, 8, (i, value) => (this.#sums[1][at[i]!]! += value));
    eachInteger(buffer, revenue, 8, (i, value) => (this.#sums[2][at[i]!]! += value));
  }

  finish(): string {
    this.#write();
    return this.#hash.update(this.#text).digest('hex');
  }

  #write(): void {
    const [lines, units, revenue] = this.#sums;
    for (let hour = 0; hour < 24; hour++) {
      if (lines[hour] === 0 && units[hour] === 0 && revenue[hour] === 0) continue;
      this.#text += `${this.#series},${this.#day},${hour},${safeInteger(lines[hour])},${safeInteger(units[hour])},${safeInteger(revenue[hour])}]\n`;
    }
    for (const sum of this.#sums) sum.fill(0);
    if (this.#text.length < BATCH) return;
    this.#hash.update(this.#text);
    this.#text = '';
  }
}
