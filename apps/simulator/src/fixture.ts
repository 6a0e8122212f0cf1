import { parseEvent, type ReturnEvent, type SaleEvent } from '@plumbline/contracts';
import { DAY_MS, parseDay } from '@plumbline/kernel';
import type { AppendRecord } from '@plumbline/ports';
import { DemoFeed, type FeedOptions } from './feed.ts';
import { makeRetailer } from './retailer.ts';

/** What the tests of this app share: a smaller retailer, a Monday, and reading back what was encoded. */
export const retailer = makeRetailer({ seed: 7, skus: 60, volume: 2 });
export const MONDAY = parseDay('2026-11-02');
export const START = MONDAY * DAY_MS;

export const feedOf = (options: Partial<FeedOptions> = {}): DemoFeed =>
  new DemoFeed({ retailer, partitions: 3, from: START, tickSeconds: 3600, ...options });

export type LineEvent = SaleEvent | ReturnEvent;

export const text = (record: AppendRecord): string => Buffer.from(record.value).toString();

/** The events of the records that are lines and are understood. */
export function linesOf(records: readonly AppendRecord[]): LineEvent[] {
  const lines: LineEvent[] = [];
  for (const record of records) {
    const parsed = parseEvent(JSON.parse(text(record)));
    if (parsed.ok && (parsed.event.type === 'pos.sale' || parsed.event.type === 'pos.return')) lines.push(parsed.event);
  }
  return lines;
}
