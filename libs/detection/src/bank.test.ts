import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BankOracle } from './bank-oracle.ts';
import { DAYS, FIRST, SERIES, world, WorldExpectation, type Act, type World } from './bank-world.ts';
import { SeriesBank } from './bank.ts';
import type { Firing } from './types.ts';

interface Run {
  bank: SeriesBank;
  firings: Firing[];
  outcomes: number[];
}

/** Plays a world through a bank; `each` sees every act before it is played. */
function play(
  from: World,
  { reload, replan, ...options }: { mornings: 0 | 1 | 8; wide: boolean; reload?: (act: number) => boolean; replan?: (act: number) => boolean },
  oracle?: OracleRun,
): Run {
  const expectation = new WorldExpectation(from);
  const fresh = (openDay = FIRST): SeriesBank => new SeriesBank({ size: SERIES, expectation, openDay, ...options });
  const run: Run = { bank: fresh(), firings: [], outcomes: [] };
  let minute = 0;
  for (const [i, step] of from.acts.entries()) {
    const open = run.bank.openDay(0);
    if (open > FIRST + DAYS) break;
    if (reload?.(i)) {
      const pages = run.bank.pages().map(({ page, bytes }) => ({ page, bytes: bytes.slice() }));
      run.bank = fresh();
      for (const { page, bytes } of pages) run.bank.load(page, bytes);
    }
    if (replan?.(i)) {
      const before = run.bank;
      expectation.threshold *= 0.8;
      run.bank = fresh(open);
      for (let series = 0; series < SERIES; series++) run.bank.copySeries(before, series, series);
    }
    if (step.do === 'count') run.outcomes.push(run.bank.count(step.series, open - step.ago, step.lines));
    else if (step.do === 'open') run.bank.setOpen(step.series, step.open);
    else if (step.do === 'observe') {
      expectation.observe(step.series, open - step.ago, step.share);
      run.bank.exposureChanged(step.series, open - step.ago);
    } else {
      minute = step.days > 0 ? step.minutes : Math.min(1440, Math.max(0, minute + step.minutes));
      expectation.open = open + step.days;
      const firings: Firing[] = [];
      run.bank.tick(0, open + step.days, minute, firings);
      oracle?.compareTick(open + step.days, minute, firings);
      run.firings.push(...firings);
    }
    if (step.do !== 'tick') oracle?.apply(step, open);
  }
  return run;
}

/** An oracle that follows a bank: same acts, an expectation of its own. */
class OracleRun {
  readonly expectation: WorldExpectation;
  readonly oracle: BankOracle;

  constructor(from: World) {
    this.expectation = new WorldExpectation(from);
    this.oracle = new BankOracle(SERIES, this.expectation, FIRST);
  }

  apply(step: Exclude<Act, { do: 'tick' }>, open: number): void {
    if (step.do === 'count') this.oracle.count(step.series, open - step.ago, step.lines);
    else if (step.do === 'open') this.oracle.setOpen(step.series, step.open);
    else {
      this.expectation.observe(step.series, open - step.ago, step.share);
      this.oracle.exposureChanged(step.series);
    }
  }

  compareTick(day: number, minute: number, firings: Firing[]): void {
    this.expectation.open = day;
    const expected = this.oracle.tick(day, minute);
    // float32 against double: a statistic within 1e-4 of its threshold may fall on either side.
    fc.pre(this.oracle.margin > 1e-4);
    const plain = (f: Firing): string => [f.series, f.kind, f.day, f.threshold].join(' ');
    expect(firings.map(plain)).toEqual(expected.map(plain));
    for (const [i, firing] of firings.entries()) {
      expect(Math.abs(firing.statistic - expected[i]!.statistic)).toBeLessThan(1e-4);
      if (firing.since === expected[i]!.since) {
        expect(firing.lines).toBe(expected[i]!.lines);
        expect(Math.abs(firing.expected - expected[i]!.expected)).toBeLessThan(1e-4 * (1 + firing.expected));
      }
    }
  }
}

const near = (ours: number, theirs: number): boolean =>
  Math.abs(ours - Math.min(theirs, 1e30)) <= 1e-4 * Math.abs(theirs) + 1e-7;
const bytesOf = (bank: SeriesBank): Uint8Array => new Uint8Array(bank.buffer);

describe('SeriesBank against the oracle', () => {
  it('the same firings at every tick, statistics within 1e-4', () => {
    let firings = 0;
    fc.assert(
      fc.property(world, fc.constantFrom(0, 1, 8), fc.boolean(), (from, mornings, wide) => {
        const beside = new OracleRun(from);
        const { bank, firings: fired } = play(from, { mornings, wide }, beside);
        firings += fired.length;
        bank.tick(0, bank.openDay(0), 1440, []);
        beside.oracle.tick(bank.openDay(0), 1440);
        fc.pre(beside.oracle.margin > 1e-4);
        for (let series = 0; series < SERIES; series++) {
          const s = bank.statistics(series);
          const o = beside.oracle.state(series, bank.openDay(0));
          const expected = [...o.surge, ...o.drop, o.c, o.e, o.zeroRun];
          for (const [i, value] of expected.entries())
            expect(near(s[i]!, value), `statistic ${i}: ${s[i]} ${value}`).toBe(true);
          const { fromDay, lines } = bank.history(series);
          expect(lines).toEqual(lines.map((_, i) => beside.oracle.lines(series, fromDay + i)));
        }
      }),
      { numRuns: 200, seed: 11 },
    );
    expect(firings).toBeGreaterThan(500);
  });
});

describe('what the state does not depend on', () => {
  it('order between ticks, splitting of counts, mornings at hand, snapshots on the way', () => {
    fc.assert(
      fc.property(world, fc.nat(), (from, salt) => {
        const plain = play(from, { mornings: 0, wide: false });
        const shuffled = play({ ...from, acts: shuffleBetweenTicks(from.acts, salt) }, { mornings: 1, wide: false });
        const kept = play(from, { mornings: 8, wide: false });
        const reloaded = play(from, { mornings: 8, wide: false, reload: (i) => (i * 7 + salt) % (3 + (salt % 60)) === 0 });
        for (const other of [shuffled, kept, reloaded]) {
          expect(other.firings).toEqual(plain.firings);
          expect(bytesOf(other.bank)).toEqual(bytesOf(plain.bank));
        }
      }),
      { numRuns: 100, seed: 12 },
    );
  });

  it('which mornings are at hand when a plan asks for less evidence than the one before', () => {
    fc.assert(
      fc.property(world, fc.nat(), (from, salt) => {
        const replan = (i: number): boolean => (i + salt) % 50 === 0;
        const plain = play(from, { mornings: 0, wide: false, replan });
        for (const mornings of [1, 8] as const) {
          const other = play(from, { mornings, wide: false, replan });
          expect(other.firings).toEqual(plain.firings);
          expect(bytesOf(other.bank)).toEqual(bytesOf(plain.bank));
        }
      }),
      { numRuns: 200, seed: 14 },
    );
  });

  it('when a line came, within the window: late gives bit for bit what in time would have given', () => {
    fc.assert(
      fc.property(world, (from) => {
        const quiet = { ...from, lnThreshold: 1e4, acts: from.acts.filter((step) => step.do !== 'open') };
        const late = play(quiet, { mornings: 8, wide: false });
        const { bank } = late;
        bank.tick(0, bank.openDay(0), 1440, []);
        const expectation = new WorldExpectation(quiet);
        const open = bank.openDay(0);
        const inTime = new SeriesBank({ size: SERIES, expectation, openDay: FIRST });
        const kept = keptLines(quiet);
        for (const step of shares(quiet)) expectation.observe(step.series, step.day, step.share);
        for (let day = FIRST; day <= open; day++) {
          expectation.open = day;
          for (let series = 0; series < SERIES; series++) {
            const lines = kept.get(`${series} ${day}`) ?? 0;
            if (lines > 0) inTime.count(series, day, lines);
          }
          if (day < open) inTime.tick(0, day + 1, 0, []);
        }
        for (let series = 0; series < SERIES; series++) {
          expect(inTime.history(series)).toEqual(bank.history(series));
          expect(inTime.statistics(series)).toEqual(bank.statistics(series));
        }
      }),
      { numRuns: 100, seed: 13 },
    );
  });
});

/** The acts between two ticks in another order, counts of more than one line in two parts. */
function shuffleBetweenTicks(acts: readonly Act[], salt: number): Act[] {
  const result: Act[] = [];
  let counts: Act[] = [];
  const flush = (): void => {
    result.push(
      ...counts
        .map((step, i) => ({ step, key: (i * 7919 + salt) % 101 }))
        .sort((a, b) => a.key - b.key)
        .map(({ step }) => step),
    );
    counts = [];
  };
  for (const step of acts) {
    if (step.do !== 'count') {
      flush();
      result.push(step);
    } else if (step.lines > 1) counts.push({ ...step, lines: 1 }, { ...step, lines: step.lines - 1 });
    else counts.push(step);
  }
  flush();
  return result;
}

/** Which lines of a world count, by series and day: those within the window when they came. */
function keptLines(from: World): Map<string, number> {
  const kept = new Map<string, number>();
  let open = FIRST;
  for (const step of from.acts) {
    if (open > FIRST + DAYS) break;
    if (step.do === 'tick') open += step.days;
    if (step.do !== 'count' || step.ago < -1 || step.ago > 7 || open - step.ago < FIRST) continue;
    const key = `${step.series} ${open - step.ago}`;
    kept.set(key, (kept.get(key) ?? 0) + step.lines);
  }
  return kept;
}

/** Observed shares as they ended up. */
function shares(from: World): { series: number; day: number; share: number }[] {
  const found: { series: number; day: number; share: number }[] = [];
  let open = FIRST;
  for (const step of from.acts) {
    if (open > FIRST + DAYS) break;
    if (step.do === 'tick') open += step.days;
    if (step.do === 'observe') found.push({ series: step.series, day: open - step.ago, share: step.share });
  }
  return found;
}
