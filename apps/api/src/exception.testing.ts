import type { Exception, ExceptionTransition } from '@plumbline/contracts';
import { at, NOW } from './tower.testing.ts';

/** An exception as the roll-up would write it. */
export function exceptionOf(number: number, some: Partial<Exception> = {}): Exception {
  return {
    id: `X-${number}`,
    kind: 'demand-surge',
    altitude: 'leaf',
    scope: { sku: 'A-1', family: 'Coats', location: 'L01', region: 'North' },
    status: 'open',
    owner: null,
    snoozedUntil: null,
    reason: null,
    headline: 'Coats A-1 at L01 sell at <b>2.4× plan',
    planVersion: { id: 'PV-1', name: 'November', hash: 'ab'.repeat(32) },
    since: at(NOW - 86_400_000),
    raisedAt: at(NOW + number * 1000),
    updatedAt: at(NOW + number * 1000),
    measure: 'lines',
    expected: '12.50',
    actual: '30',
    variance: '17.50',
    variancePercent: 1.4,
    ratio: 2.4,
    ratioLow: 1.9,
    ratioHigh: 2.9,
    statistic: 12.3,
    peakStatistic: 12.5,
    threshold: 9.2,
    probability: 0.98,
    valueAtRisk: '1234.10',
    currency: 'EUR',
    priority: 1,
    attribution: [],
    evidence: [],
    evidenceCount: 0,
    recommendedActions: ['expedite'],
    reopened: 0,
    change: number,
    ...some,
  };
}

export const transitionOf = (exceptionId: string, sequence: number, some: Partial<ExceptionTransition> = {}): ExceptionTransition => ({
  exceptionId,
  sequence,
  at: at(NOW),
  from: null,
  to: 'open',
  action: 'raised',
  by: null,
  note: null,
  change: sequence,
  ...some,
});
