import type { ArchivedEventPage } from '@plumbline/contracts';

type Item = ArchivedEventPage['items'][number];

/** One event as a row; quantities and amounts as they were sent. */
export interface SaleRow {
  key: string;
  at: string;
  /** Milliseconds UTC. */
  time: number;
  what: string;
  sku: string;
  location: string;
  quantity: string;
  amount: number | undefined;
  currency: string | null;
  /** The CloudEvent as it was sent. */
  json: string;
}

const words: Record<string, string> = { 'pos.sale': 'sale', 'pos.return': 'return' };

export function saleOf({ partition, offset, time, event }: Item): SaleRow {
  const data = typeof event['data'] === 'object' && event['data'] !== null ? (event['data'] as Record<string, unknown>) : {};
  const text = (name: string): string => (typeof data[name] === 'string' || typeof data[name] === 'number' ? String(data[name]) : '');
  const type = String(event['type'] ?? '').replace(/^.*?(?=pos\.|order\.|supply\.|inventory\.|production\.)/, '');
  const [quantity, price] = [text('quantity'), text('price')];
  return {
    key: `${partition ?? 0}-${offset}`,
    at: time,
    time: Date.parse(time),
    what: words[type] ?? type,
    sku: text('sku'),
    location: text('location'),
    quantity,
    amount: quantity !== '' && price !== '' ? Number(quantity) * Number(price) : undefined,
    currency: text('currency') || null,
    json: JSON.stringify(event, null, 2),
  };
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** 14:32:07 */
export function clockWithSeconds(at: string, zone: string): string {
  let format = clocks.get(zone);
  if (!format) clocks.set(zone, (format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'medium' })));
  return format.format(Date.parse(at));
}
