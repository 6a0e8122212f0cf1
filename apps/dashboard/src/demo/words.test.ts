import type { Exception, InjectedCauseBody } from '@plumbline/contracts';
import { describe, expect, it } from 'vitest';
import { foundFor, standingOf } from './words.ts';

const cause: InjectedCauseBody = {
  id: 'I-1',
  cause: 'family-surge',
  scope: { family: 'Bakery', region: 'North' },
  from: '2026-11-24T08:00:00Z',
  to: '2026-11-26T20:00:00Z',
  factor: 1.8,
  expected: { kind: 'demand-surge', altitude: 'family-region', scope: { family: 'Bakery', region: 'North' } },
};
const raised = (id: string, raisedAt: string, more: Partial<Exception> = {}): Exception =>
  ({ id, kind: 'demand-surge', scope: { family: 'Bakery', region: 'North' }, raisedAt, ...more }) as Exception;

describe('what was injected and what was found', () => {
  it('belong together by kind, place and time', () => {
    const others = [raised('X-1', '2026-11-20T08:00:00Z'), raised('X-2', '2026-11-24T09:00:00Z', { kind: 'demand-drop' }), raised('X-3', '2026-11-24T09:00:00Z', { scope: { region: 'North' } })];
    expect(foundFor(cause, others)).toBeUndefined();
    expect(foundFor(cause, [...others, raised('X-5', '2026-11-25T09:00:00Z'), raised('X-4', '2026-11-24T09:45:00Z')])?.id).toBe('X-4');
  });

  it('say how far it is', () => {
    const at = (time: string): number => Date.parse(`2026-11-${time}:00Z`);
    expect(standingOf(cause, undefined, at('24T07:30'))).toEqual({ standing: 'to come', line: 'begins in 30 min' });
    expect(standingOf(cause, undefined, at('24T09:00'))).toEqual({ standing: 'under way', line: 'under way for 1 h, not found yet' });
    expect(standingOf(cause, raised('X-4', '2026-11-24T09:45:00Z'), at('24T10:00'))).toEqual({ standing: 'found', line: 'found after 1 h 45 m' });
    expect(standingOf(cause, undefined, at('27T09:00')).standing).toBe('over');
  });
});
