import { describe, expect, it } from 'vitest';
import { FeedClock, SILENCE_THRESHOLD, silenceStatistic } from './silence.ts';

const MINUTE = 60_000;
const perMinute = (_location: number, from: number, to: number): number => (to - from) / MINUTE;
const size = (): number => 20;

describe('feed silence', () => {
  it('is −ln of the probability of no line', () => {
    expect(silenceStatistic(5, 20)).toBeCloseTo(5 * Math.log(5), 12);
    expect(silenceStatistic(Infinity, 7)).toBe(7);
    expect(silenceStatistic(1e9, 7)).toBeCloseTo(7, 6);
  });

  it('raises once, freezes back to the last line, and ends when the feed is heard', () => {
    const clock = new FeedClock(2, 0);
    const changes = [];
    for (let minute = 1; minute <= 120; minute++) {
      const heard = minute <= 30 || minute > 100 ? [0, 1] : [1];
      changes.push(...clock.tick(minute * MINUTE, heard, perMinute, size));
    }
    const needed = 20 * (Math.exp(SILENCE_THRESHOLD / 20) - 1);
    expect(changes).toHaveLength(2);
    expect(changes[0]).toMatchObject({ location: 0, silent: true, since: 30 * MINUTE });
    expect(changes[0]!.until).toBe((30 + Math.ceil(needed)) * MINUTE);
    expect(changes[1]).toMatchObject({ location: 0, silent: false, since: 30 * MINUTE, until: 101 * MINUTE });
    expect([29, 30, 100, 101].map((minute) => clock.frozenAt(0, minute * MINUTE))).toEqual([false, true, true, false]);
    expect(clock.frozenAt(1, 50 * MINUTE)).toBe(false);
  });

  it('takes frozen time off the observed share', () => {
    const clock = new FeedClock(1, 0);
    const share = (instant: number): number => Math.min(1, Math.max(0, instant / (100 * MINUTE)));
    clock.tick(30 * MINUTE, [0], perMinute, size);
    clock.tick(80 * MINUTE, [], perMinute, size);
    expect(clock.silent(0)).toBe(true);
    expect(clock.observed(0, 20 * MINUTE, share)).toBeCloseTo(0.2, 12);
    expect(clock.observed(0, 99 * MINUTE, share)).toBeCloseTo(0.3, 12);
    clock.tick(90 * MINUTE, [0], perMinute, size);
    expect(clock.observed(0, 500 * MINUTE, share)).toBeCloseTo(0.4, 12);
  });

  it('is its own snapshot', () => {
    const clock = new FeedClock(3, 5);
    clock.tick(60 * MINUTE, [1], perMinute, size);
    clock.tick(90 * MINUTE, [0], perMinute, size);
    const copy = FeedClock.from(clock.toBytes(), 3);
    expect(copy.toBytes()).toEqual(clock.toBytes());
    expect([0, 1, 2].map((location) => copy.silent(location))).toEqual([false, true, true]);
    expect(copy.tick(200 * MINUTE, [2], perMinute, size)).toEqual(clock.tick(200 * MINUTE, [2], perMinute, size));
    expect(() => FeedClock.from(clock.toBytes(), 4)).toThrow(/feed clock/);
  });
});
