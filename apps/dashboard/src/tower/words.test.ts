import { describe, expect, it } from 'vitest';
import { anException } from '#live/exceptions.testing.ts';
import { announcement } from './announce.ts';
import { progressOf } from './first-run.ts';
import { tally } from '#live/tally.ts';
import { someFigures } from '#live/exceptions.testing.ts';
import { deviation, secondLine, subjectOf, sureness } from './words.ts';

const NOW = Date.parse('2026-11-24T13:32:00Z');
const line = (more: Parameters<typeof anException>[0]): string => secondLine(anException(more), NOW, 'Europe/Paris');

describe('a row', () => {
  it('is named as its headline names it', () => {
    expect(subjectOf(anException())).toBe('Bakery · North');
    expect(subjectOf(anException({ headline: 'Lyon in South is silent for 4 hours: 550 sales expected since 11:00.' }))).toBe('Lyon · South');
    expect(subjectOf(anException({ headline: 'Bread in bags in Paris: no sale for 3 days, 12 expected.' }))).toBe('Bread in bags · Paris');
    expect(subjectOf(anException({ headline: 'The whole business sells 9\u202f% under plan since 08:00: 1 of 2 units.' }))).toBe('The whole business');
    expect(subjectOf(anException({ headline: 'Told otherwise' }))).toBe('Bakery · North');
  });

  it('says since when on the clock of the place, how much, and who moved it', () => {
    expect(line({})).toBe('since 09:40 · 412 of 665 units · Store 17 explains 71\u202f%');
  });

  it('says how long nothing came', () => {
    expect(line({ kind: 'feed-silence', expected: '40.2', since: '2026-11-24T13:20:00Z', evidenceCount: 9 })).toBe(
      'silent 12 min, 40 sales expected · 9 children held',
    );
    expect(line({ kind: 'zero-run', actual: '0', expected: '12.04', since: '2026-11-21T13:32:00Z' })).toBe('no sale for 3 d, 12 expected');
  });

  it('says what became of it', () => {
    expect(line({ status: 'cleared', updatedAt: '2026-11-24T13:10:00Z' })).toBe('recovered 14:10');
    expect(line({ status: 'dismissed', reason: 'promotion' })).toBe('dismissed: promotion');
    expect(line({ snoozedUntil: '2026-11-25T07:00:00Z' })).toBe('snoozed until Wed 25 Nov 08:00 · −38\u202f%');
  });

  it('ends with how far from plan', () => {
    expect(deviation(anException())).toBe('−38\u202f%');
    expect(deviation(anException({ kind: 'feed-silence' }))).toBe('silent');
    expect(deviation(anException({ status: 'cleared' }))).toBe('on plan');
  });

  it('is the fuller in colour the surer it is', () => {
    expect([9, 12, 20].map((peakStatistic) => sureness({ peakStatistic, threshold: 8.85 }))).toEqual([1, 2, 3]);
  });
});

describe('announcements', () => {
  it('are one sentence for several', () => {
    const urgent = anException({ id: 'X-2', priority: 900, headline: 'Lyon is silent.' });
    expect(announcement([])).toBe('');
    expect(announcement([urgent])).toBe('New exception: Lyon is silent.');
    expect(announcement([anException(), urgent])).toBe('2 new exceptions. Most urgent: Lyon is silent.');
    expect(announcement([anException({ status: 'cleared' })])).toBe('');
  });
});

describe('the first run', () => {
  const simulator = { at: '2026-11-24T14:00:00Z', rate: 300, paused: false, lines: 1, causes: [] };
  it('is over when the tower has come up to its source', () => {
    expect(progressOf(someFigures(), simulator)).toBeUndefined();
    expect(progressOf(null, undefined)).toBeUndefined();
    expect(progressOf(null, simulator)).toEqual({ share: 0, at: undefined });
    expect(progressOf(someFigures({ tick: '2026-11-17T14:00:00Z' }), simulator)!.share).toBeCloseTo(0.5);
  });
});

describe('the count', () => {
  it('leaves out what is closed or snoozed', () => {
    const all = [
      anException({ id: 'X-1' }),
      anException({ id: 'X-2', owner: 'Ana' }),
      anException({ id: 'X-3', status: 'cleared' }),
      anException({ id: 'X-4', snoozedUntil: '2026-11-25T08:00:00Z' }),
    ];
    expect(tally(new Map(all.map((one) => [one.id, one])), 'Ana')).toEqual({ open: 2, mine: 1, snoozed: 1 });
  });
});
