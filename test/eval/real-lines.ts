import { SalesHistoryBuilder, type SalesHistory } from '@plumbline/plan';
import { parseDay, PlumblineError, zoneOf } from '@plumbline/kernel';
import { parse } from 'csv-parse';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Sales lines of the file, oldest first, as columns; leaf = position in `leaves`. */
export interface RealLines {
  leaves: { sku: string; location: string }[];
  leaf: Int32Array;
  /** Business day, and local hour 0–23. */
  day: Int32Array;
  hour: Uint8Array;
  history: SalesHistory;
  firstDay: number;
  lastDay: number;
}

const ZONE = zoneOf('Europe/London');
/** Merchandise; postage, fees and manual corrections have other codes. */
const MERCHANDISE = /^\d{5}[A-Z]*$/;

/**
 * Reads a file in the form of UCI Online Retail. Sales of merchandise only: no cancellations, no bad debt, no free goods.
 * @throws PlumblineError 'eval-data' when a column is missing
 */
export async function readLines(path: string): Promise<RealLines> {
  const builder = new SalesHistoryBuilder({
    product: (sku) => ({ family: `${sku.slice(0, 2)}xxx`, unit: 'each', name: sku }),
    location: (code) => ({ region: code === 'United Kingdom' ? 'Home' : 'Abroad', zone: ZONE.id, name: code }),
  });
  const leafOf = new Map<string, number>();
  const leaves: RealLines['leaves'] = [];
  const columns: { leaf: number[]; day: number[]; hour: number[] } = { leaf: [], day: [], hour: [] };
  for await (const record of recordsOf(path)) {
    const { InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice, Country } = record;
    const sku = StockCode!.toUpperCase();
    const price = Math.round(Number(UnitPrice) * 10_000);
    if (!/^\d/.test(InvoiceNo!) || !MERCHANDISE.test(sku) || !(Number(Quantity) > 0) || !(price > 0)) continue;
    const day = parseDayCached(InvoiceDate!.slice(0, 10));
    const hour = Number(InvoiceDate!.slice(11, 13));
    builder.add(sku, Country!, day, hour, 1, Number(Quantity) * 1000, Number(Quantity) * price);
    const key = `${sku}|${Country}`;
    let leaf = leafOf.get(key);
    if (leaf === undefined) leafOf.set(key, (leaf = leaves.push({ sku, location: Country! }) - 1));
    columns.leaf.push(leaf);
    columns.day.push(day);
    columns.hour.push(hour);
  }
  const { day } = columns;
  return {
    leaves,
    leaf: Int32Array.from(columns.leaf),
    day: Int32Array.from(day),
    hour: Uint8Array.from(columns.hour),
    history: builder.history(),
    firstDay: day[0] ?? 0,
    lastDay: day.at(-1) ?? 0,
  };
}

/** The file's records; an error anywhere on the way rejects the iteration. */
function recordsOf(path: string): AsyncIterable<Record<string, string>> {
  const parser = parse({ columns: checkColumns, bom: true, relax_quotes: true });
  const streams = [createReadStream(path), ...(path.endsWith('.gz') ? [createGunzip()] : []), parser];
  pipeline(streams, (error) => error && parser.destroy(error));
  return parser as AsyncIterable<Record<string, string>>;
}

const NEEDED = ['InvoiceNo', 'StockCode', 'Quantity', 'InvoiceDate', 'UnitPrice', 'Country'];

function checkColumns(header: string[]): string[] {
  const missing = NEEDED.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    throw new PlumblineError('eval-data', `the file has no column ${missing.join(', ')}`, {
      where: 'first line',
      fix: 'Give the UCI Online Retail file, plain or gzip.',
    });
  }
  return header;
}

const days = new Map<string, number>();

function parseDayCached(text: string): number {
  let day = days.get(text);
  if (day === undefined) days.set(text, (day = parseDay(text)));
  return day;
}
