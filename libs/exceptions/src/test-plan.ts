import { parseInstant, zoneOf } from '@plumbline/kernel';
import { buildVersion, compilePlan, type PlanIndex } from '@plumbline/plan';

/** Three families of four SKUs in four stores of two regions, open 08–20, in tests of this folder. */
export function testPlan(dailyLines = 10, alpha = 0.1): PlanIndex {
  const products = Array.from({ length: 12 }, (_, i) => ({
    sku: `S${String(i).padStart(2, '0')}`,
    family: ['Bakery', 'Dairy', 'Fruit'][Math.floor(i / 4)]!,
    name: `Product ${i}`,
    unit: 'each' as const,
    price: 25_000,
    dailyLines,
  }));
  const locations = Array.from({ length: 4 }, (_, i) => ({
    code: `L${i}`,
    region: i < 2 ? 'North' : 'South',
    name: `Store ${i}`,
    zone: 'Europe/Paris',
  }));
  const hour = Array.from({ length: 24 }, (_, h) => (h >= 8 && h < 20 ? 1 : 0));
  const profile = { weekday: [1, 1, 1, 1, 1, 1, 1], hour, alpha };
  const months = { from: (2026 - 1970) * 12 + 10, to: (2026 - 1970) * 12 + 11 };
  return compilePlan(buildVersion({ id: 'P', name: 'P', currency: 'EUR', createdAt: 0, products, locations, profile, months }), 'hash');
}

export const noon = (date: string): number => parseInstant(`${date}T11:00:00Z`);
export const dayOf = (date: string): number => zoneOf('Europe/Paris').dayOf(noon(date));
