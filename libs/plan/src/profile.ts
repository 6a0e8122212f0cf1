import { weekdayOf } from '@plumbline/kernel';
import type { SalesHistory } from './history.ts';
import type { SalesWindow, TradingDays } from './window.ts';

/** A profile counts as its own once it has this many lines; with as many it is half its own, half its parent's. */
const PROFILE_PRIOR = 200;
const PROFILE_SCALE = 10_000;

/** Integer weights by family × region (family · regions + region). */
export interface Profiles {
  weekday: number[][];
  hour: number[][];
}

/** Weekday and hour profiles of each family × region, shrunk to its region's, and that to the total's. */
export function profiles(history: SalesHistory, window: SalesWindow, trading: TradingDays): Profiles {
  return { weekday: weekdayProfiles(window, trading), hour: hourProfiles(history, window) };
}

function weekdayProfiles(window: SalesWindow, trading: TradingDays): number[][] {
  const regions = window.regions.length;
  const counts = Array.from({ length: window.families.length * regions }, () => new Float64Array(7));
  for (let row = 0; row < window.rows; row++) {
    const family = window.familyOfSku[window.sku[row]];
    const region = window.regionOfLocation[window.location[row]];
    counts[family * regions + region][weekdayOf(window.day[row])] += window.lines[row];
  }
  const total = sumOf(counts);
  const known = sum(total) / Math.max(1, sum(trading.openPerWeekday));
  // Lines per open day of each weekday; one the window has not seen is taken as an average day.
  const rate = Array.from(total, (lines, weekday) => {
    if (trading.closedWeekdays[weekday]) return 0;
    const open = trading.openPerWeekday[weekday];
    return open > 0 ? lines / open : known;
  });
  const share = normalised(rate.map((r, weekday) => r * trading.openPerWeekday[weekday]));
  const byRegion = window.regions.map((_, region) =>
    shrunk(sumOf(counts.filter((_, at) => at % regions === region)), share),
  );
  return counts.map((own, at) => {
    const region = at % regions;
    const shrunkShare = shrunk(own, byRegion[region]);
    const weights = rate.map((r, weekday) => {
      if (trading.closedInRegion[region][weekday]) return 0;
      return share[weekday] > 0 ? (r * shrunkShare[weekday]) / share[weekday] : r;
    });
    return toWeights(weights.some((w) => w > 0) ? weights : rate);
  });
}

function hourProfiles(history: SalesHistory, window: SalesWindow): number[][] {
  const regions = window.regions.length;
  const position = new Uint32Array(window.locations.length);
  window.tableLocation.forEach((at, i) => (position[at] = i));
  const counts = Array.from({ length: window.families.length * regions }, () => new Float64Array(24));
  const { hourly } = history;
  for (let row = 0; row < hourly.day.length; row++) {
    if (hourly.day[row] < window.fromDay || hourly.day[row] >= window.toDay) continue;
    const region = window.regionOfLocation[position[hourly.location[row]]];
    counts[hourly.family[row] * regions + region][hourly.hour[row]] += hourly.lines[row];
  }
  const total = sumOf(counts);
  if (sum(total) === 0) return counts.map(() => new Array<number>(24).fill(1));
  const share = normalised(total);
  const byRegion = window.regions.map((_, region) =>
    shrunk(sumOf(counts.filter((_, at) => at % regions === region)), share),
  );
  return counts.map((own, at) => toWeights(shrunk(own, byRegion[at % regions])));
}

const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
};

function sumOf(counts: readonly Float64Array[]): Float64Array {
  const total = new Float64Array(counts[0]?.length ?? 0);
  for (const own of counts) own.forEach((n, i) => (total[i] += n));
  return total;
}

function normalised(values: ArrayLike<number>): number[] {
  const total = sum(values);
  return Array.from(values, (value) => (total > 0 ? value / total : 1 / values.length));
}

/** Dirichlet shrinkage of counts to the parent's shares. */
const shrunk = (own: Float64Array, parent: readonly number[]): number[] => {
  const total = sum(own);
  return Array.from(own, (n, i) => (n + PROFILE_PRIOR * parent[i]) / (total + PROFILE_PRIOR));
};

/** Integers with the largest at 10,000; what is above zero stays so. */
function toWeights(values: readonly number[]): number[] {
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  return values.map((value) => (value > 0 ? Math.max(1, Math.round((value / most) * PROFILE_SCALE)) : 0));
}
