import { isLive } from '@plumbline/exceptions';
import { formatInstant, formatMoney, formatQuantity, weekdayOf, type Instant } from '@plumbline/kernel';
import { PLANNED_REVENUE, PLANNED_UNITS, REVENUE, SLOTS, UNITS } from './cell-days.ts';
import type { Book } from './book.ts';
import type { Era } from './era.ts';

interface Sum {
  units: number;
  planned: number;
  revenue: number;
  plannedRevenue: number;
}

const nothing = (): Sum => ({ units: 0, planned: 0, revenue: 0, plannedRevenue: 0 });

/** Tiles and cells of the tower as JSON: quantities and money as exact decimals, planned up to now. */
export function figuresOf(era: Era, book: Book, at: Instant): string {
  const { plan, days } = era;
  const sight = era.sight(at);
  const today = nothing();
  const week = nothing();
  const cells: { family: string; region: string; today: ReturnType<typeof written> }[] = [];
  plan.families.forEach((family, f) =>
    plan.regions.forEach((region, r) => {
      const cell = nothing();
      for (const location of era.places.ofRegion[r]!) {
        const current = sight.today(location);
        const monday = Math.max(current - weekdayOf(current), current - SLOTS + 1);
        for (let day = monday; day <= current; day++) {
          if (!days.knows(location, day)) continue;
          const i = f * plan.locations.length + location;
          const elapsed = sight.elapsed(f, location, day);
          const sum: Sum = {
            units: days.value(UNITS, i, day),
            planned: days.value(PLANNED_UNITS, i, day) * elapsed,
            revenue: days.value(REVENUE, i, day),
            plannedRevenue: days.value(PLANNED_REVENUE, i, day) * elapsed,
          };
          addUp(week, sum);
          if (day < current) continue;
          addUp(today, sum);
          addUp(cell, sum);
        }
      }
      cells.push({ family, region, today: written(cell) });
    }),
  );
  const live = book.live();
  const feeds = plan.locations.map(({ code, name, region }, location) => ({
    location: code,
    name,
    region,
    lastHeard: formatInstant(era.feeds.lastHeard[location]!),
    silent: era.feeds.silenceOf(location) !== undefined,
    unsaidLines: Math.round(100 * era.feeds.unsaid(location, at)) / 100,
  }));
  return JSON.stringify({
    at: formatInstant(at),
    plan: plan.version,
    change: book.change,
    today: written(today),
    week: written(week),
    atRisk: live.reduce((sum, { shown }) => sum + Number(shown?.valueAtRisk ?? 0), 0).toFixed(2),
    open: live.length,
    closed: [...book.held.values()].filter((held) => !isLive(held.life.status)).length,
    cells,
    feeds,
  });
}

function addUp(into: Sum, sum: Sum): void {
  into.units += sum.units;
  into.planned += sum.planned;
  into.revenue += sum.revenue;
  into.plannedRevenue += sum.plannedRevenue;
}

const written = (sum: Sum) => ({
  units: formatQuantity(sum.units),
  plannedUnits: formatQuantity(Math.round(sum.planned)),
  revenue: formatMoney(sum.revenue),
  plannedRevenue: formatMoney(Math.round(sum.plannedRevenue)),
});
