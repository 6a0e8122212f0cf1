import { createHash } from 'node:crypto';
import { DAY_MS, HOUR_MS, partitionOf } from '@plumbline/kernel';
import type { AppendRecord } from '@plumbline/ports';
import { describe, expect, it } from 'vitest';
import { feedOf, linesOf, retailer, START, text } from './fixture.ts';
import type { Cause } from './causes.ts';

const hashOf = (records: readonly AppendRecord[]): string => {
  const hash = createHash('sha256');
  for (const record of records)
    hash.update(`${record.partition} `).update(record.key).update(record.value).update('\n');
  return hash.digest('hex');
};

describe('the demo feed', () => {
  it('sends the same bytes whatever the steps', () => {
    const whole = feedOf().advance(START + 3 * DAY_MS);
    const feed = feedOf();
    const pieces: AppendRecord[] = [];
    for (let step = 1; feed.at < START + 3 * DAY_MS; step++)
      pieces.push(...feed.advance(Math.min(feed.at + step * 777_777, START + 3 * DAY_MS)));
    expect(hashOf(pieces)).toBe(hashOf(whole));
    expect(whole.length).toBeGreaterThan(10_000);
  });

  it('goes on after a restart as if nothing had happened', () => {
    const end = START + 4 * DAY_MS;
    for (const at of [START + 9 * HOUR_MS, START + DAY_MS, START + 2 * DAY_MS + 13 * HOUR_MS]) {
      const undisturbed = feedOf();
      undisturbed.advance(at);
      expect(hashOf(feedOf({ from: at }).advance(end))).toBe(hashOf(undisturbed.advance(end)));
    }
  });

  it('resumes at the tick before, so that the next tick has heard everyone', () => {
    const feed = feedOf({ from: START + 10.5 * HOUR_MS });
    expect(feed.at).toBe(START + 10 * HOUR_MS);
  });

  it('numbers each location upwards and repeats only whole events', () => {
    const lines = linesOf(feedOf({ dirt: { duplicates: 0.05 } }).advance(START + 2 * DAY_MS));
    const last = new Map<string, number>();
    const seen = new Map<string, string>();
    let repeats = 0;
    for (const line of lines) {
      const known = seen.get(`${line.source} ${line.id}`);
      if (known !== undefined) {
        expect(JSON.stringify(line)).toBe(known);
        repeats++;
        continue;
      }
      seen.set(`${line.source} ${line.id}`, JSON.stringify(line));
      expect(Number(line.sequence)).toBeGreaterThan(last.get(line.source) ?? 0);
      last.set(line.source, Number(line.sequence));
    }
    expect(repeats / lines.length).toBeGreaterThan(0.03);
  });

  it('ticks in every partition, with who was heard since', () => {
    const records = feedOf().advance(START + DAY_MS);
    let heard = new Set<string>();
    let ticks = 0;
    for (const record of records) {
      const event = JSON.parse(text(record)) as { type: string; data: { location: string; heard: string[] } };
      if (event.type !== 'clock.ticked') {
        heard.add(event.data.location);
        expect(record.partition).toBe(partitionOf(record.key, 3));
        continue;
      }
      expect(record.partition).toBe(ticks++ % 3);
      expect(new Set(event.data.heard)).toEqual(heard);
      if (record.partition === 2) heard = new Set();
    }
    expect(ticks).toBe(24 * 3);
  });

  it('sends before a tick only what happened before it', () => {
    let tick = START;
    for (const record of feedOf().advance(START + 2 * DAY_MS)) {
      const event = JSON.parse(text(record)) as { type: string; time: string };
      const time = Date.parse(event.time);
      if (event.type === 'clock.ticked') tick = time;
      else expect(time).toBeLessThan(tick + HOUR_MS);
    }
  });

  it('is as unclean as it is told to be', () => {
    const feed = feedOf({ dirt: { returns: 0.02, duplicates: 0.01, late: 0.01, unknownSku: 0.003, malformed: 0.002 } });
    feed.advance(START + 14 * DAY_MS);
    const { lines, returns, duplicates, late, unknownSku, malformed } = feed.counts;
    const share = (count: number): number => count / lines;
    expect(lines).toBeGreaterThan(100_000);
    expect(share(returns)).toBeCloseTo(0.02, 2);
    expect(share(duplicates)).toBeCloseTo(0.01, 2);
    expect(share(late)).toBeCloseTo(0.01, 2);
    expect(share(unknownSku)).toBeCloseTo(0.003, 3);
    expect(share(malformed)).toBeCloseTo(0.002, 3);
  });

  it('sends late lines with their old time and within the late window', () => {
    let at = START;
    let late = 0;
    for (const record of feedOf({ tickSeconds: 60, dirt: { late: 0.02 } }).advance(START + 3 * DAY_MS)) {
      const event = JSON.parse(text(record)) as { type: string; time: string };
      if (event.type === 'clock.ticked') at = Date.parse(event.time);
      const age = at - Date.parse(event.time);
      if (age > HOUR_MS) late++;
      expect(age).toBeLessThan(7 * DAY_MS);
    }
    expect(late).toBeGreaterThan(100);
  });

  it('takes a cause by hand from now on, never into the past', () => {
    const feed = feedOf();
    const other = feedOf();
    feed.advance(START + DAY_MS + 10 * HOUR_MS);
    other.advance(START + DAY_MS + 10 * HOUR_MS);
    const cause: Cause = {
      id: 'by-hand',
      kind: 'family-surge',
      scope: { family: 'Bakery' },
      from: feed.at + 2 * HOUR_MS,
      to: feed.at + DAY_MS,
      factor: 4,
    };
    expect(() => feed.inject({ ...cause, from: feed.at - 1 })).toThrow(/begins before/);
    expect(feed.inject(cause).expected).toEqual({
      kind: 'demand-surge',
      altitude: 'family',
      scope: { family: 'Bakery' },
    });
    expect(hashOf(feed.advance(cause.from))).toBe(hashOf(other.advance(cause.from)));
    const surged = linesOf(feed.advance(cause.to)).length;
    expect(surged).toBeGreaterThan(linesOf(other.advance(cause.to)).length * 1.1);
    expect(feed.injected().map(({ id }) => id)).toEqual(['by-hand']);
    expect(hashOf(feedOf({ from: cause.to, causes: [cause] }).advance(cause.to + DAY_MS))).toBe(
      hashOf(feed.advance(cause.to + DAY_MS)),
    );
  });

  it('refuses causes that make no sense', () => {
    const cause: Cause = {
      id: 'odd',
      kind: 'store-silence',
      scope: { location: 'PAR' },
      from: START,
      to: START + HOUR_MS,
      factor: 1,
    };
    const bad: Partial<Cause>[] = [{ to: START }, { factor: -1 }, { scope: {} }, { to: START + 3 * DAY_MS }];
    for (const change of bad) expect(() => feedOf({ causes: [{ ...cause, ...change }] })).toThrow(/odd/);
  });

  it('keeps trading hours through the change to winter time', () => {
    const sunday = Date.UTC(2026, 9, 25);
    const lines = linesOf(
      feedOf({ from: sunday - DAY_MS, dirt: { late: 0, returns: 0 } }).advance(sunday + 2 * DAY_MS),
    ).filter((line) => line.data.location === 'PAR');
    const local = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Paris', hour: '2-digit', hourCycle: 'h23' });
    const hours = new Set(lines.map((line) => Number(local.format(Date.parse(line.time)))));
    expect(Math.min(...hours)).toBe(7);
    expect(Math.max(...hours)).toBe(21);
    expect(retailer.locations.find(({ code }) => code === 'PAR')?.zone).toBe('Europe/Paris');
  });
});
