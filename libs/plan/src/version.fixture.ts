import fc from 'fast-check';
import { parseMonth } from '@plumbline/kernel';
import type { PlanVersion, SplitProfile } from './types.ts';

/** Small valid versions of every shape: sparse leaves, zero weights and prices, closed weeks and months, three zones. */
export const anyVersion: fc.Arbitrary<PlanVersion> = fc
  .record({
    families: fc.integer({ min: 1, max: 3 }),
    regions: fc.integer({ min: 1, max: 3 }),
    skusPerFamily: fc.integer({ min: 1, max: 4 }),
    locationsPerRegion: fc.integer({ min: 1, max: 3 }),
    months: fc.integer({ min: 1, max: 3 }),
    firstMonth: fc.integer({ min: parseMonth('2024-12'), max: parseMonth('2026-11') }),
    numbers: fc.infiniteStream(fc.nat()),
    large: fc.boolean(),
    shutMonth: fc.boolean(),
  })
  .map(({ families, regions, skusPerFamily, locationsPerRegion, months, firstMonth, numbers, large, shutMonth }) => {
    const next = (below: number): number => (numbers.next().value as number) % below;
    const zones = ['Europe/London', 'Europe/Berlin', 'America/New_York'];
    const version: PlanVersion = {
      id: 'P-1',
      name: 'Sample',
      currency: 'EUR',
      createdAt: 1_764_547_200_000,
      products: [],
      locations: [],
      lines: [],
      splits: [],
    };
    for (let f = 0; f < families; f++) {
      for (let s = 0; s < skusPerFamily; s++) {
        version.products.push({
          sku: `K${9 - s}${f}`,
          family: `F${f}`,
          name: `Item ${s}`,
          unit: s % 2 ? 'kg' : 'each',
          price: next(3) * 12_345,
        });
      }
    }
    for (let r = 0; r < regions; r++) {
      for (let l = 0; l < locationsPerRegion; l++)
        version.locations.push({ code: `L${l}${r}`, region: `R${r}`, name: '', zone: zones[next(3)] });
    }
    for (let f = 0; f < families; f++) {
      for (let r = 0; r < regions; r++) {
        const split = sampleSplit(version, `F${f}`, `R${r}`, next, shutMonth ? firstMonth : undefined);
        version.splits.push(split);
        for (let month = firstMonth; month < firstMonth + months; month++) {
          const units = large ? next(2 ** 31) * 2 ** 17 : next(50_000);
          version.lines.push({
            family: `F${f}`,
            region: `R${r}`,
            month,
            units,
            revenue: large ? next(2 ** 31) * 2 ** 17 + 1 : next(90_000),
          });
        }
      }
    }
    return version;
  });

function sampleSplit(
  version: PlanVersion,
  family: string,
  region: string,
  next: (below: number) => number,
  shut: number | undefined,
): SplitProfile {
  const leaves: SplitProfile['leaves'] = [];
  for (const { sku } of version.products.filter((product) => product.family === family)) {
    for (const { code } of version.locations.filter((location) => location.region === region)) {
      if (next(4) > 0)
        leaves.push({
          sku,
          location: code,
          weight: next(3) === 0 ? next(2 ** 31) : next(9),
          linesPerUnit: next(100) / 16,
        });
    }
  }
  if (!leaves.some((leaf) => leaf.weight > 0)) {
    const sku = version.products.find((product) => product.family === family)!.sku;
    const location = version.locations.find((place) => place.region === region)!.code;
    leaves.splice(0, leaves.length, { sku, location, weight: 1 + next(5), linesPerUnit: 0.5 });
  }
  const weekday = Array.from({ length: 7 }, () => next(4));
  const hour = Array.from({ length: 24 }, () => next(5));
  weekday[next(7)]++;
  hour[next(24)]++;
  const closed = ['2025-01-01', '2026-11-23'];
  if (shut !== undefined) {
    const text = `${1970 + Math.floor(shut / 12)}-${String((shut % 12) + 1).padStart(2, '0')}`;
    for (let day = 1; day <= 28; day++) closed.push(`${text}-${String(day).padStart(2, '0')}`);
  }
  return { family, region, weekday, hour, closed: [...new Set(closed)], alpha: next(10) / 8, leaves };
}
