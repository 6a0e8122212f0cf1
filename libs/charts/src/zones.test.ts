import { describe, expect, it } from 'vitest';
import { timeTicks } from './time-ticks.ts';
import { DAY, dayStart, HOUR, nextDayStart, offsetAt } from './zones.ts';

const at = (text: string): number => Date.parse(text);

describe('local days', () => {
  it('have 23, 24 or 25 hours', () => {
    const length = (text: string): number => (nextDayStart(at(text), 'Europe/Paris') - dayStart(at(text), 'Europe/Paris')) / HOUR;
    expect(length('2026-11-24T10:00:00Z')).toBe(24);
    expect(length('2026-03-29T10:00:00Z')).toBe(23);
    expect(length('2026-10-25T10:00:00Z')).toBe(25);
  });

  it('begin where the clock lands when midnight itself is skipped', () => {
    // Beirut springs forward at midnight: the day begins at 01:00.
    expect(dayStart(at('2026-03-29T12:00:00Z'), 'Asia/Beirut')).toBe(at('2026-03-28T22:00:00Z'));
  });

  it('hold the instant they are asked for, whatever the zone', () => {
    for (const zone of ['Asia/Kathmandu', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Auckland', 'America/Sao_Paulo']) {
      for (let instant = at('2026-01-01T00:30:00Z'); instant < at('2027-01-01T00:00:00Z'); instant += 5 * DAY + 7 * HOUR) {
        const start = dayStart(instant, zone);
        expect(start).toBeLessThanOrEqual(instant);
        expect(instant).toBeLessThan(nextDayStart(instant, zone));
        expect((start + offsetAt(start, zone)) % DAY).toBe(0);
      }
    }
  });
});

describe('ticks of a time axis', () => {
  it('are full hours of the zone, of half-hour zones too', () => {
    const ticks = timeTicks(at('2026-11-24T01:45:00Z'), at('2026-11-24T09:00:00Z'), 'Asia/Kolkata', 10);
    expect(ticks.map(({ label }) => label)).toEqual(['08:00', '09:00', '10:00', '11:00', '12:00', '13:00', '14:00']);
    expect(ticks[0]!.at).toBe(at('2026-11-24T02:30:00Z'));
  });

  it('skip the hour that a clock change skips', () => {
    const ticks = timeTicks(at('2026-03-28T23:00:00Z'), at('2026-03-29T05:00:00Z'), 'Europe/Paris', 12);
    expect(ticks.map(({ label }) => label)).toEqual(['00:00', '01:00', '03:00', '04:00', '05:00', '06:00', '07:00']);
  });

  it('label the hour that comes twice once', () => {
    const ticks = timeTicks(at('2026-10-24T22:00:00Z'), at('2026-10-25T04:00:00Z'), 'Europe/Paris', 12);
    expect(ticks.map(({ label }) => label)).toEqual(['00:00', '01:00', '02:00', '03:00', '04:00', '05:00']);
    expect(ticks[3]!.at - ticks[2]!.at).toBe(2 * HOUR);
  });

  it('are local midnights over days, also across a clock change', () => {
    const ticks = timeTicks(at('2026-03-26T23:00:00Z'), at('2026-04-01T22:00:00Z'), 'Europe/Paris', 10);
    expect(ticks.map(({ label }) => label)).toEqual(['Fri 27', 'Sat 28', 'Sun 29', 'Mon 30', 'Tue 31', 'Wed 1', 'Thu 2']);
    for (const tick of ticks) expect(dayStart(tick.at, 'Europe/Paris')).toBe(tick.at);
  });

  it('are never more than fit', () => {
    for (const hours of [1, 3, 14, 24, 50, 24 * 14, 24 * 90]) {
      for (const most of [2, 5, 12]) {
        const ticks = timeTicks(at('2026-11-01T05:00:00Z'), at('2026-11-01T05:00:00Z') + hours * HOUR, 'Europe/London', most);
        expect(ticks.length).toBeLessThanOrEqual(most + 1);
      }
    }
    expect(timeTicks(5, 5, 'UTC', 4)).toEqual([]);
  });
});
