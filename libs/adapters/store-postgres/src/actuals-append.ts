import { PlumblineError } from '@plumbline/kernel';
import type { ActualRows } from '@plumbline/ports';
import type pg from 'pg';
import { CopyBuffer } from './copy-buffer.ts';
import { copyIn, type Session } from './database.ts';
import type { SeriesIds } from './series-ids.ts';

const COPY = `COPY actuals (series, day, lines, units, revenue, hours, hour_lines, hour_units, hour_revenue) FROM STDIN (FORMAT binary)`;

/**
 * Adds rows of any number of partitions with one COPY, in index order (day, series): an index fed in its own order
 * takes a third less time. @returns what to call once the transaction has committed
 */
export async function appendActuals(session: Session, client: pg.PoolClient, series: SeriesIds, parts: readonly ActualRows[]): Promise<() => void> {
  const rows = parts.length === 1 ? parts[0]! : concatenate(parts);
  const count = rows.sku.length;
  if (count === 0) return () => undefined;
  const { ids, commit } = await series.resolve(session, rows.sku, rows.location);
  const { day } = rows;
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => day[a]! - day[b]! || ids[a]! - ids[b]!);
  const buffer = new CopyBuffer(count * 220);
  for (const i of order) writeRow(buffer, rows, i, ids[i]!);
  await copyIn(client, COPY, buffer.finish());
  return commit;
}

function writeRow(buffer: CopyBuffer, rows: ActualRows, i: number, series: number): void {
  const hours = rows.hours[i]!;
  const lines = rows.lines[i]!;
  const units = rows.units[i]!;
  const revenue = rows.revenue[i]!;
  if (lines.length !== hours.length || units.length !== hours.length || revenue.length !== hours.length) throw ragged(rows, i);
  buffer.row(9);
  buffer.int4(series);
  buffer.int4(rows.day[i]!);
  buffer.int4(sum(lines));
  buffer.int8(sum(units));
  buffer.int8(sum(revenue));
  buffer.smallints(hours);
  buffer.integers(lines);
  buffer.bigints(units);
  buffer.bigints(revenue);
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

function concatenate(parts: readonly ActualRows[]): ActualRows {
  const all: ActualRows = { sku: [], location: [], day: [], hours: [], lines: [], units: [], revenue: [] };
  for (const part of parts) {
    for (const name of ['sku', 'location', 'day', 'hours', 'lines', 'units', 'revenue'] as const) {
      const target = all[name] as unknown[];
      for (const value of part[name]) target.push(value);
    }
  }
  return all;
}

const ragged = (rows: ActualRows, i: number): PlumblineError =>
  new PlumblineError('store-failed', `hours, lines, units and revenue of ${rows.sku[i]} at ${rows.location[i]} differ in length`, {
    where: 'store, actuals',
    fix: 'the four columns of a row are parallel',
  });
