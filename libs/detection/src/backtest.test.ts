import { Random } from '@plumbline/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runDetector, type DetectorDay } from './backtest-detector.ts';
import { dailyAlarms, dailyRules, monthToDate, shewhart, type BacktestDay } from './backtest-rules.ts';

const ALPHA = 0.08;
const OPEN_HOURS = 12;
/** One false alarm per 1,000 series-weeks. */
const LN_C = Math.log(7000);

interface Change {
  from: number;
  factor: number;
}

/** Days of a shop that is open twelve hours; with a change from a day on. */
function shop(
  seed: number,
  level: number,
  days: number,
  change: Change = { from: Infinity, factor: 1 },
): DetectorDay[] {
  const random = new Random(seed);
  return Array.from({ length: days }, (_, day) => {
    const rate = level * (day >= change.from ? change.factor : 1) * random.gamma(1 / ALPHA, ALPHA);
    return dayOf(
      level,
      Array.from({ length: OPEN_HOURS }, () => (rate > 0 ? random.poisson(rate / OPEN_HOURS) : 0)),
    );
  });
}

/** A shop that sells exactly what is planned; its lines need not be whole. */
const exact = (level: number, days: number): DetectorDay[] =>
  Array.from({ length: days }, () => dayOf(level, new Array<number>(OPEN_HOURS).fill(level / OPEN_HOURS)));

function dayOf(level: number, sold: number[]): DetectorDay {
  let lines = 0;
  const hours = sold.map((n, hour) => ({ lines: (lines += n), expected: (level * (hour + 1)) / OPEN_HOURS }));
  return { hours, lines, expected: level, closed: true };
}

const closed = (days: readonly DetectorDay[]): BacktestDay[] =>
  days.map(({ lines, expected }, i) => ({ lines, expected, monthBegins: i % 30 === 0 }));

const detect = (days: readonly DetectorDay[], direction: 1 | -1, lnThreshold = LN_C) =>
  runDetector(days, { direction, lnThreshold, deadBand: 0.15, alpha: ALPHA });

describe('a backtest', () => {
  it('sees a surge within the day, where Shewhart waits for the night, and does not cry wolf as it does', () => {
    const from = 45;
    const runs = Array.from({ length: 25 }, (_, seed) => shop(seed, 80, 60, { from, factor: 6 }));
    const detected = runs.map((days) => detect(days, 1).alarms);
    const shewharts = runs.map((days) => dailyAlarms(shewhart, closed(days), 1, ALPHA));
    expect(detected.flat().filter(({ day }) => day < from)).toEqual([]);
    expect(shewharts.flat().filter((day) => day < from).length).toBeGreaterThan(2);
    const hours = detected.map(([first]) => (first!.day - from) * OPEN_HOURS + first!.hour + 1);
    const nights = shewharts.map((days) => (days.find((day) => day >= from)! - from + 1) * OPEN_HOURS);
    const sooner = hours.filter((hour, i) => hour < nights[i]!).length;
    expect(sooner / runs.length).toBeGreaterThan(0.8);
  });

  it('sees a stop within days at a volume at which Shewhart never does', () => {
    const days = shop(3, 6, 60, { from: 40, factor: 0 });
    const first = detect(days, -1).alarms[0]!;
    expect(first.day).toBeGreaterThanOrEqual(40);
    expect(first.day).toBeLessThanOrEqual(44);
    expect(dailyAlarms(shewhart, closed(days), -1, ALPHA)).toEqual([]);
  });

  it('says nothing of sales that go exactly to plan, by no rule and in no direction', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 5000, noNaN: true }),
        fc.constantFrom<1 | -1>(1, -1),
        (level, direction) => {
          const days = exact(level, 90);
          expect(detect(days, direction).alarms).toEqual([]);
          for (const rule of dailyRules)
            expect(dailyAlarms(rule, closed(days), direction, ALPHA), rule.name).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('never fires earlier on a stricter budget', () => {
    const place = ({ day, hour }: { day: number; hour: number }): number => day * 100 + hour;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.double({ min: 1, max: 60, noNaN: true }),
        fc.constantFrom(0, 0.5, 2, 4),
        fc.constantFrom<1 | -1>(1, -1),
        fc.double({ min: 1, max: 12, noNaN: true }),
        fc.double({ min: 0, max: 6, noNaN: true }),
        (seed, level, factor, direction, loose, more) => {
          const days = shop(seed, level, 40, { from: 20, factor });
          const [first] = detect(days, direction, loose).alarms;
          const [stricter] = detect(days, direction, loose + more).alarms;
          if (stricter) expect(place(stricter)).toBeGreaterThanOrEqual(place(first!));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('holds the statistic of every hour against the threshold that it alarms at, once a day, and starts anew', () => {
    const days = shop(11, 40, 60, { from: 30, factor: 3 });
    const { alarms, statistics } = detect(days, 1);
    for (const { day, hour } of alarms) {
      expect(statistics[day]![hour]).toBeGreaterThanOrEqual(LN_C);
      expect(statistics[day]!.slice(0, hour).every((ln) => ln! < LN_C)).toBe(true);
    }
    expect(new Set(alarms.map(({ day }) => day)).size).toBe(alarms.length);
    const crossed = statistics.flatMap((hours, day) => (hours.some((ln) => ln! >= LN_C) ? [day] : []));
    expect(crossed).toEqual(alarms.map(({ day }) => day));
    const [first] = alarms;
    expect(statistics[first!.day + 1]![0]).toBeLessThan(LN_C / 2);
  });

  it('passes over closed days, and judges a day under way by the hours it has', () => {
    const days = shop(5, 30, 50, { from: 48, factor: 5 });
    const holiday: DetectorDay = { hours: [{ lines: 0, expected: 0 }], lines: 0, expected: 0, closed: true };
    const partial: DetectorDay = { ...days[49]!, hours: days[49]!.hours.slice(0, 6), lines: 0, closed: false };
    const run = detect([...days.slice(0, 20), holiday, ...days.slice(20, 49), partial], -1);
    expect(run.statistics[20]).toEqual([undefined]);
    expect(run.statistics[50]).toHaveLength(6);
    expect(run.alarms).toEqual([]);
    const none = [
      { lines: 9, expected: 0, monthBegins: true },
      { lines: 121, expected: 100, monthBegins: false },
    ];
    expect(dailyAlarms(monthToDate, none, 1, ALPHA)).toEqual([1]);
  });

  it('begins month-to-date anew on the first of a month, a closed one included', () => {
    const day = (lines: number, monthBegins = false, expected = 100): BacktestDay => ({ lines, expected, monthBegins });
    const days = [day(130, true), day(130), day(0, true, 0), day(100), day(119)];
    expect(dailyAlarms(monthToDate, days, 1, ALPHA)).toEqual([0, 1]);
  });
});
