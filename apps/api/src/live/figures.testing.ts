import type { Figures } from '@plumbline/contracts';
import { at, NOW } from '../tower.testing.ts';

const none = { units: '0', plannedUnits: '0', revenue: '0', plannedRevenue: '0' };
const period = { ...none, metUnits: '0', metRevenue: '0', attainment: null, revenueAttainment: null, from: '2026-11-23' };

/** Figures as the roll-up would write them after `n` ticks: the tick and the units of today tell which. */
export const figuresOf = (n: number, some: Partial<Figures> = {}): Figures => ({
  tick: at(NOW + n * 1000),
  planVersion: { id: 'PV-1', name: 'November', hash: 'ab'.repeat(32) },
  currency: 'EUR',
  today: { ...period, units: String(n) },
  week: period,
  month: period,
  valueAtRisk: '0',
  open: { 'demand-surge': 0, 'demand-drop': 0, 'zero-run': 0, 'feed-silence': 0 },
  unowned: 0,
  feeds: { heard: 1, expected: 1, silent: [] },
  cells: [{ ...none, family: 'Coats', region: 'North', evidence: 0 }],
  ...some,
});
