import type { Exception, Figures } from '@plumbline/contracts';

/** An exception as the tower writes it, with what a test cares about changed. */
export function anException(more: Partial<Exception> = {}): Exception {
  return {
    id: 'X-1',
    kind: 'demand-drop',
    altitude: 'family-region',
    scope: { family: 'Bakery', region: 'North' },
    status: 'open',
    owner: null,
    snoozedUntil: null,
    reason: null,
    headline: 'Bakery in North sells 38\u202f% under plan since 09:40: 412 of 665 units, €3,180 at risk. Store 17 alone explains 71\u202f%.',
    planVersion: { id: 'P', name: 'November', hash: 'ab' },
    since: '2026-11-24T08:40:00Z',
    raisedAt: '2026-11-24T08:44:00Z',
    updatedAt: '2026-11-24T13:32:00Z',
    measure: 'units',
    expected: '665',
    actual: '412',
    variance: '-253',
    variancePercent: -38.05,
    ratio: 0.62,
    ratioLow: 0.57,
    ratioHigh: 0.68,
    statistic: 12.9,
    peakStatistic: 12.9,
    threshold: 8.85,
    probability: 0.999,
    valueAtRisk: '3180.40',
    currency: 'EUR',
    priority: 100,
    attribution: [{ scope: { location: 'S17' }, label: 'Store 17', variance: -180, share: 0.71 }],
    evidence: [],
    evidenceCount: 0,
    recommendedActions: [],
    reopened: 0,
    change: 1,
    ...more,
  };
}

export function someFigures(more: Partial<Figures> = {}): Figures {
  const period = {
    units: '96',
    plannedUnits: '100',
    revenue: '960',
    plannedRevenue: '1000',
    metUnits: '90',
    metRevenue: '900',
    attainment: 0.9,
    revenueAttainment: 0.9,
    from: '2026-11-24',
  };
  return {
    tick: '2026-11-24T13:32:00Z',
    planVersion: { id: 'P', name: 'November', hash: 'ab' },
    currency: 'EUR',
    today: period,
    week: period,
    month: period,
    valueAtRisk: '10',
    open: { 'demand-surge': 0, 'demand-drop': 1, 'zero-run': 0, 'feed-silence': 0 },
    unowned: 1,
    feeds: { heard: 40, expected: 40, silent: [] },
    cells: [],
    ...more,
  };
}
