import type { PlanIndex } from '@plumbline/plan';

/** Columns of a sum: units in thousandths, money in ten-thousandths, whole numbers all. */
export const SUM_UNITS = 0;
export const SUM_PLANNED_UNITS = 1;
export const SUM_REVENUE = 2;
export const SUM_PLANNED_REVENUE = 3;
export const SUMS = 4;

/**
 * What was sold and planned by zone, family and region on business days that CellDays keeps no longer, back to the first
 * of the month. By zone, because a month ends in each at another instant.
 */
export class SettledDays {
  readonly plan: PlanIndex;
  readonly days = new Map<number, Float64Array>();
  /** Days that changed since the last snapshot. */
  readonly touched = new Set<number>();

  constructor(plan: PlanIndex) {
    this.plan = plan;
  }

  /** Position of a sum's first column in a day. */
  at(zone: number, family: number, region: number): number {
    return SUMS * ((zone * this.plan.families.length + family) * this.plan.regions.length + region);
  }

  day(day: number): Float64Array {
    let sums = this.days.get(day);
    if (!sums) {
      const { zones, families, regions } = this.plan;
      this.days.set(day, (sums = new Float64Array(SUMS * zones.length * families.length * regions.length)));
    }
    this.touched.add(day);
    return sums;
  }

  /** Forgets the days before one. */
  forget(before: number): void {
    for (const day of this.days.keys()) {
      if (day >= before) continue;
      this.days.delete(day);
      this.touched.delete(day);
    }
  }

  /** The same under a new plan's numbering, by names; what the new plan does not know is left behind. */
  renumber(plan: PlanIndex): SettledDays {
    const next = new SettledDays(plan);
    const zones = plan.zones.map(({ id }) => this.plan.zones.findIndex((zone) => zone.id === id));
    const families = plan.families.map((name) => this.plan.families.indexOf(name));
    const regions = plan.regions.map((name) => this.plan.regions.indexOf(name));
    for (const [day, sums] of this.days) {
      const moved = next.day(day);
      zones.forEach((oldZone, zone) =>
        families.forEach((oldFamily, family) =>
          regions.forEach((oldRegion, region) => {
            if (oldZone < 0 || oldFamily < 0 || oldRegion < 0) return;
            const from = this.at(oldZone, oldFamily, oldRegion);
            moved.set(sums.subarray(from, from + SUMS), next.at(zone, family, region));
          }),
        ),
      );
    }
    return next;
  }
}
