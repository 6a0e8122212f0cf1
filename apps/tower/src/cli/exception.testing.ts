import type { Exception, ExceptionTransition } from '@plumbline/contracts';

/** An exception as the roll-up would write it, and the first step of its history. */
export function exceptionOf(number: number, some: Partial<Exception> = {}): Exception {
  return {
    id: `X-${number}`,
    kind: 'demand-drop',
    altitude: 'family-region',
    scope: { family: 'Bakery', region: 'North' },
    status: 'open',
    owner: null,
    snoozedUntil: null,
    reason: null,
    headline: 'Bakery in North sells 38\u202f% under plan since 09:40: 412 of 665 units, €3,180 at risk. Store 17 alone explains 71\u202f%.',
    planVersion: { id: 'P-1', name: 'November', hash: 'ab'.repeat(32) },
    since: '2026-11-23T09:40:00Z',
    raisedAt: '2026-11-23T14:00:00Z',
    updatedAt: '2026-11-23T15:00:00Z',
    measure: 'units',
    expected: '665',
    actual: '412',
    variance: '-253',
    variancePercent: -38.05,
    ratio: 0.62,
    ratioLow: 0.55,
    ratioHigh: 0.7,
    statistic: 11.25,
    peakStatistic: 12.5,
    threshold: 9.2,
    probability: 0.98,
    valueAtRisk: '3180.5',
    currency: 'EUR',
    priority: 1,
    attribution: [{ scope: { location: 'S17' }, label: 'Store 17', variance: -179.6, share: 0.71 }],
    evidence: [{ scope: { sku: 'B-1', location: 'S17' }, altitude: 'leaf', kind: 'demand-drop', expected: 120.5, actual: 31, statistic: 10.1, firedAt: '2026-11-23T13:00:00Z' }],
    evidenceCount: 1,
    recommendedActions: ['De-expedite open supply'],
    reopened: 0,
    change: number,
    ...some,
  };
}

export const raisedOf = (exceptionId: string, change: number): ExceptionTransition => ({
  exceptionId,
  sequence: 1,
  at: '2026-11-23T14:00:00Z',
  from: null,
  to: 'open',
  action: 'raised',
  by: null,
  note: null,
  change,
});
