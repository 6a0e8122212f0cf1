import { parseMoney, parseQuantity, PlumblineError, QUANTITY_SCALE, type Instant, type Zone } from '@plumbline/kernel';
import { regionOfCountry } from './countries.ts';

/** One line of a sales file as the log will carry it. `type` outside the contract is refused there, with its reason. */
export interface SalesLine {
  type: 'pos.sale' | 'pos.return' | 'inventory.adjusted' | 'ledger.adjusted';
  sku: string;
  location: string;
  /** As in the file, sign and decimal comma made plain; still to be judged by the contract. */
  quantity: string;
  price: string;
  /** NaN when it cannot be read: then `timeText` goes to the log as it is. */
  time: Instant;
  timeText: string;
  /** What makes the line the same sale as another when it is repeated; undefined = every line is its own. */
  repeat: string | undefined;
  name: string;
}

export interface SalesFormat {
  currency: string;
  /** Reads one record's cells. */
  line(cells: readonly string[]): SalesLine;
  /** Family of a product for a derived plan; undefined = never planned (postage, fees). */
  family(sku: string): string | undefined;
  region(location: string): string;
}

/**
 * UCI Online Retail: cancellations ("C…") are returns, negative quantities without one are stock corrections, "A…" are
 * ledger adjustments and no sales. The only location is the country. A line repeated to the letter within its invoice
 * is the same event sent twice.
 */
export function onlineRetail(header: readonly string[], zone: Zone, path: string): SalesFormat {
  const at = columns(header, ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID', 'Country'], path);
  const clock = new WallClock(zone);
  return {
    currency: 'GBP',
    line(cells) {
      const invoice = cells[at[0]!]!;
      const quantity = plain(cells[at[3]!]!);
      const negative = quantity.startsWith('-');
      const type = invoice.startsWith('A') ? 'ledger.adjusted' : invoice.startsWith('C') ? 'pos.return' : negative ? 'inventory.adjusted' : 'pos.sale';
      const timeText = cells[at[4]!]!;
      return {
        type,
        sku: cells[at[1]!]!.trim().toUpperCase(),
        location: cells[at[7]!]!.trim(),
        quantity: type === 'pos.return' && negative ? quantity.slice(1) : quantity,
        price: plain(cells[at[5]!]!),
        time: clock.instant(timeText),
        timeText,
        repeat: cells.join('\u001f'),
        name: cells[at[2]!]!.trim(),
      };
    },
    family: (sku) => (/^\d{5}/.test(sku) ? `Range ${sku.slice(0, 2)}` : undefined),
    region: regionOfCountry,
  };
}

/** A `--map`: which column is what. */
export interface ColumnMap {
  sku: string;
  location: string;
  time: string;
  quantity: string;
  price?: string;
  family?: string;
  region?: string;
  id?: string;
}

/** Any CSV of sales lines by a column map; negative quantities are returns. */
export function mapped(header: readonly string[], map: ColumnMap, zone: Zone, currency: string, decimalComma: boolean, path: string): SalesFormat {
  const names = Object.entries(map) as [keyof ColumnMap, string][];
  const found = columns(header, names.map(([, column]) => column), path);
  const at = Object.fromEntries(names.map(([name], i) => [name, found[i]!])) as { [K in keyof ColumnMap]-?: number | undefined };
  const clock = new WallClock(zone);
  const number = (text: string): string => plain(decimalComma ? pointed(text) : text);
  const families = new Map<string, string>();
  const regions = new Map<string, string>();
  return {
    currency,
    line(cells) {
      const sku = cells[at.sku!]!.trim();
      const location = cells[at.location!]!.trim();
      if (at.family !== undefined) families.set(sku, cells[at.family]!.trim());
      if (at.region !== undefined) regions.set(location, cells[at.region]!.trim());
      const quantity = number(cells[at.quantity!]!);
      const timeText = cells[at.time!]!;
      const back = quantity.startsWith('-');
      return {
        type: back ? 'pos.return' : 'pos.sale',
        sku,
        location,
        quantity: back ? quantity.slice(1) : quantity,
        price: at.price === undefined ? '0' : number(cells[at.price]!),
        time: clock.instant(timeText),
        timeText,
        repeat: at.id === undefined ? undefined : cells[at.id]!,
        name: sku,
      };
    },
    family: (sku) => families.get(sku) ?? 'All products',
    region: (location) => regions.get(location) ?? location,
  };
}

/** Positions of columns by name, case ignored. @throws PlumblineError 'file-header' that lists what is missing and there */
function columns(header: readonly string[], wanted: readonly string[], path: string): number[] {
  const lower = header.map((name) => name.toLowerCase());
  const positions = wanted.map((name) => lower.indexOf(name.toLowerCase()));
  const missing = wanted.filter((_, i) => positions[i]! < 0);
  if (missing.length > 0) {
    throw new PlumblineError('file-header', `The header has no column ${missing.map((name) => `"${name}"`).join(', ')}; it has ${header.map((name) => `"${name}"`).join(', ')}.`, {
      where: `${path}, row 1`,
      fix: 'Name the columns with --map sku=…,location=…,time=…,quantity=…,price=…',
    });
  }
  return positions;
}

/** A number without spaces, plus sign or needless decimals beyond what is exact ("6.0000000" → "6"). */
function plain(text: string): string {
  const bare = text.trim().replace(/^\+/, '');
  return /^-?\d+\.\d*0+$/.test(bare) ? bare.replace(/\.?0+$/, '') : bare;
}

/** A number of a file whose decimals may stand after a comma: points before that comma, or more than one, only group. */
function pointed(text: string): string {
  if (text.includes(',')) return text.replaceAll('.', '').replace(',', '.');
  return /\..*\./.test(text) ? text.replaceAll('.', '') : text;
}

const WALL = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?$/;

/** Local wall-clock text to instants; an hour that a clock change repeats is its first, one it skips the hour after. */
class WallClock {
  readonly #zone: Zone;
  #text = '';
  #instant = NaN;

  constructor(zone: Zone) {
    this.#zone = zone;
  }

  instant(text: string): Instant {
    if (text === this.#text) return this.#instant;
    this.#text = text;
    this.#instant = this.#parse(text.trim());
    return this.#instant;
  }

  #parse(text: string): Instant {
    const match = WALL.exec(text);
    if (!match) return /(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? Date.parse(text) : NaN;
    const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
    const wall = Date.UTC(year, month - 1, day, hour, minute, second);
    if (month > 12 || hour > 23 || minute > 59 || second > 60 || new Date(wall).getUTCDate() !== day) return NaN;
    const earlier = wall - this.#zone.offsetAt(wall - 86_400_000);
    return earlier + this.#zone.offsetAt(earlier) === wall ? earlier : wall - this.#zone.offsetAt(wall - this.#zone.offsetAt(wall));
  }
}

/** Quantity and money as the log will read them, for the history a rolling plan is derived from; NaN when refused there. */
export const amountsOf = (line: SalesLine): { units: number; price: number } => ({ units: parseQuantity(line.quantity), price: parseMoney(line.price) });
export const ONE_UNIT = QUANTITY_SCALE;
