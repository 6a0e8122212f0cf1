import { describe, expect, it } from 'vitest';
import { fromField, instantOf, localOf, snoozeChoices, toField } from './snooze.ts';

const at = (text: string): number => Date.parse(text);
const iso = (instant: number): string => new Date(instant).toISOString();
const offered = (now: string, zone: string): [string, string][] => snoozeChoices(at(now), zone).map(({ label, at: then }) => [label, iso(then)]);

describe('snooze choices', () => {
  it('are on the clock of the place', () => {
    expect(offered('2026-11-24T13:32:20Z', 'Europe/Paris')).toEqual([
      ['For an hour', '2026-11-24T14:33:00.000Z'],
      ['To the end of the business day', '2026-11-24T23:00:00.000Z'],
      ['Tomorrow 08:00', '2026-11-25T07:00:00.000Z'],
      ['Monday 08:00', '2026-11-30T07:00:00.000Z'],
    ]);
  });

  it('know that a place may have another day already', () => {
    expect(offered('2026-11-24T13:32:00Z', 'Asia/Tokyo')[2]).toEqual(['Tomorrow 08:00', '2026-11-24T23:00:00.000Z']);
    expect(offered('2026-11-24T16:00:00Z', 'Asia/Tokyo')[2]).toEqual(['Tomorrow 08:00', '2026-11-25T23:00:00.000Z']);
  });

  it('name Monday once on a Sunday, and the next one on a Monday', () => {
    expect(offered('2026-11-29T12:00:00Z', 'UTC').map(([label]) => label)).not.toContain('Monday 08:00');
    expect(offered('2026-11-30T12:00:00Z', 'UTC').at(-1)).toEqual(['Monday 08:00', '2026-12-07T08:00:00.000Z']);
  });

  it('stand in order late in the evening', () => {
    const labels = offered('2026-11-24T22:30:00Z', 'Europe/Paris').map(([label]) => label);
    expect(labels.slice(0, 2)).toEqual(['To the end of the business day', 'For an hour']);
  });

  it('keep the hour when the clocks change between', () => {
    // Paris goes to summer time on 29 March 2026 and back on 25 October.
    expect(offered('2026-03-28T12:00:00Z', 'Europe/Paris')[2]![1]).toBe('2026-03-29T06:00:00.000Z');
    expect(offered('2026-10-24T12:00:00Z', 'Europe/Paris')[2]![1]).toBe('2026-10-25T07:00:00.000Z');
    expect(offered('2026-10-24T12:00:00Z', 'Europe/Paris')[1]![1]).toBe('2026-10-24T22:00:00.000Z');
  });
});

describe('a time on a clock', () => {
  it('that is jumped over is the one after the jump', () => {
    expect(iso(instantOf({ year: 2026, month: 3, day: 29, hour: 2, minute: 30 }, 'Europe/Paris'))).toBe('2026-03-29T01:30:00.000Z');
  });

  it('that is shown twice is the first', () => {
    expect(iso(instantOf({ year: 2026, month: 10, day: 25, hour: 2, minute: 30 }, 'Europe/Paris'))).toBe('2026-10-25T00:30:00.000Z');
  });

  it('comes back from its field', () => {
    for (const zone of ['Europe/Paris', 'America/St_Johns', 'Pacific/Auckland', 'UTC']) {
      for (const text of ['2026-01-01T00:00:00Z', '2026-07-14T22:45:00Z', '2026-12-31T23:59:00Z']) {
        expect(fromField(toField(at(text), zone), zone)).toBe(at(text));
      }
    }
    expect(fromField('', 'UTC')).toBeUndefined();
  });

  it('reads midnight as hour 0', () => {
    expect(localOf(at('2026-11-24T00:00:00Z'), 'UTC')).toMatchObject({ day: 24, hour: 0 });
  });
});
