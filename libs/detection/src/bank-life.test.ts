import { describe, expect, it } from 'vitest';
import { FIRST, SERIES, WorldExpectation } from './bank-world.ts';
import { CANDIDATE, COUNTED, EARLY, LATE, SeriesBank, TOO_NEW, TOO_OLD } from './bank.ts';
import type { Firing } from './types.ts';

describe('counting', () => {
  const expectation = new WorldExpectation({
    plan: [1, 5, 20],
    weekday: [1, 1, 1, 1, 1, 1, 1],
    alpha: 0.2,
    deadBand: 0.25,
    lnThreshold: 9,
    acts: [],
  });
  const bankAt = (openDay: number): SeriesBank => new SeriesBank({ size: SERIES, expectation, openDay });

  it('says what became of lines', () => {
    const bank = bankAt(FIRST);
    for (let day = FIRST; day < FIRST + 10; day++) {
      bank.count(1, day, 5);
      bank.tick(0, day + 1, 0, []);
    }
    const open = FIRST + 10;
    expect(bank.count(1, open, 1)).toBe(COUNTED);
    expect(bank.count(1, open, 500)).toBe(CANDIDATE);
    expect(bank.count(1, open - 7, 1)).toBe(LATE);
    expect(bank.count(1, open - 8, 1)).toBe(TOO_OLD);
    expect(bank.count(1, open + 1, 2)).toBe(EARLY);
    expect(bank.count(1, open + 2, 1)).toBe(TOO_NEW);
    const firings: Firing[] = [];
    bank.tick(0, open, 600, firings);
    expect(firings.map((firing) => firing.kind)).toEqual(['surge']);
    expect(firings[0]).toMatchObject({ series: 1, day: open, since: open, lines: 501 });
    bank.tick(0, open + 1, 0, []);
    expect(bank.linesToday(1)).toBe(2);
    expect(bank.history(1)).toEqual({ fromDay: open - 6, lines: [5, 5, 5, 5, 5, 5, 501, 2] });
  });

  it('takes no lines from before a series began', () => {
    const bank = bankAt(FIRST);
    expect(bank.count(0, FIRST - 1, 1)).toBe(TOO_OLD);
  });

  it('stops at the largest count rather than wrap', () => {
    const bank = bankAt(FIRST);
    bank.count(0, FIRST, 65_000);
    bank.count(0, FIRST, 65_000);
    expect(bank.linesToday(0)).toBe(65_534);
    const wide = new SeriesBank({ size: 1, expectation, openDay: FIRST, wide: true });
    wide.count(0, FIRST, 1e6);
    expect(wide.linesToday(0)).toBe(1e6);
  });

  it('is at most 128 bytes a series, the late window included', () => {
    const bank = new SeriesBank({ size: 1000, expectation, openDay: FIRST });
    expect(bank.bytesPerSeries).toBe(96);
    expect(bank.buffer.byteLength / 1000).toBeLessThan(97);
  });
});

describe('clocks', () => {
  it('each clock keeps its own day', () => {
    const expectation = new WorldExpectation({
      plan: [5, 5, 5],
      weekday: [1, 1, 1, 1, 1, 1, 1],
      alpha: 0.2,
      deadBand: 0.25,
      lnThreshold: 9,
      acts: [],
    });
    const bank = new SeriesBank({
      size: 3,
      expectation,
      openDay: [FIRST, FIRST - 1],
      clockOf: Uint16Array.of(0, 1, 0),
    });
    bank.tick(0, FIRST + 1, 5, []);
    expect([bank.openDay(0), bank.openDay(1)]).toEqual([FIRST + 1, FIRST - 1]);
    expect(bank.count(1, FIRST - 1, 1)).toBeGreaterThanOrEqual(COUNTED);
    expect(bank.count(0, FIRST - 1, 1)).toBe(TOO_OLD);
    bank.tick(0, FIRST, 900, []);
    expect(bank.openDay(0)).toBe(FIRST + 1);
  });
});

describe('snapshots', () => {
  const expectation = new WorldExpectation({
    plan: [5, 5, 5],
    weekday: [1, 1, 1, 1, 1, 1, 1],
    alpha: 0.2,
    deadBand: 0.25,
    lnThreshold: 9,
    acts: [],
  });

  it('only changed pages are dirty', () => {
    const bank = new SeriesBank({ size: 3000, expectation, openDay: FIRST });
    expect(bank.pages()).toHaveLength(bank.pageCount);
    bank.clean();
    expect(bank.pages()).toEqual([]);
    bank.count(2999, FIRST, 1);
    expect(bank.pages().map(({ page }) => page)).toEqual([bank.pageCount - 1]);
  });

  it('refuses pages of another bank', () => {
    const bank = new SeriesBank({ size: 3, expectation, openDay: FIRST });
    const same = new SeriesBank({ size: 3, expectation, openDay: FIRST });
    const [page] = bank.pages();
    const doctored = page!.bytes.slice();
    doctored[0]! ^= 1;
    expect(() => same.load(0, doctored)).toThrow(/magic/);
    expect(() => same.load(0, page!.bytes.subarray(1))).toThrow(/bytes/);
    const larger = new SeriesBank({ size: 4, expectation, openDay: FIRST });
    expect(() => larger.load(0, page!.bytes)).toThrow(/bytes/);
  });

  it('a series can move to another bank with all it knows', () => {
    const bank = new SeriesBank({ size: 3, expectation, openDay: FIRST });
    for (let day = FIRST; day < FIRST + 9; day++) {
      bank.count(1, day, 4 + (day % 3));
      bank.tick(0, day + 1, 0, []);
    }
    bank.count(1, FIRST + 9, 3);
    bank.count(1, FIRST + 10, 2);
    const other = new SeriesBank({ size: 5, expectation, openDay: FIRST + 9, wide: true });
    other.copySeries(bank, 1, 4);
    expect(other.history(4)).toEqual(bank.history(1));
    expect(other.firstDay(4)).toBe(FIRST);
    for (const each of [bank, other]) each.tick(0, FIRST + 10, 0, []);
    expect(other.linesToday(4)).toBe(2);
    expect(() => other.copySeries(new SeriesBank({ size: 1, expectation, openDay: FIRST }), 0, 0)).toThrow(/day/);
  });
});
