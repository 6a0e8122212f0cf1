import { extendedAmount, firstDayOfMonth, formatMonth, MONEY_SCALE, Random } from '@plumbline/kernel';
import type { PlanLine, PlanVersion, SplitProfile } from '@plumbline/plan';
import { closedDates, type Retailer } from './retailer.ts';
import { mix } from './seed.ts';

export interface DemoPlanOptions {
  id?: string;
  name?: string;
  /** Milliseconds UTC; default the first instant of the first month (UTC). */
  createdAt?: number;
  /** Coefficient of variation of the plan's error per family × region × month; default 0: the plan is the truth. */
  errorCv?: number;
}

/**
 * The plan the demo retailer has committed to: its own base rates, seasons and announced promotions.
 * @param fromMonth months since 1970-01
 */
export function demoPlan(
  retailer: Retailer,
  fromMonth: number,
  months: number,
  options: DemoPlanOptions = {},
): PlanVersion {
  const lines: PlanLine[] = [];
  const splits: SplitProfile[] = [];
  retailer.families.forEach((family, f) => {
    retailer.regions.forEach((region, r) => {
      splits.push(splitOf(retailer, f, r, closedDates(fromMonth, months)));
      for (let month = fromMonth; month < fromMonth + months; month++) {
        const random = new Random(mix(retailer.seed, 4, f, r, month));
        const cv = options.errorCv ?? 0;
        const error = Math.exp(cv * random.normal() - (cv * cv) / 2);
        lines.push({ family: family.name, region: region.name, ...planned(retailer, f, r, month, error) });
      }
    });
  });
  return {
    id: options.id ?? `demo-${formatMonth(fromMonth)}`,
    name: options.name ?? `Demo retailer, ${formatMonth(fromMonth)} and ${months - 1} months on`,
    currency: retailer.currency,
    createdAt: options.createdAt ?? firstDayOfMonth(fromMonth) * 86_400_000,
    products: [...retailer.products],
    locations: [...retailer.locations],
    lines,
    splits,
  };
}

function planned(
  retailer: Retailer,
  family: number,
  region: number,
  month: number,
  error: number,
): Pick<PlanLine, 'month' | 'units' | 'revenue'> {
  let share = 0;
  for (let day = firstDayOfMonth(month); day < firstDayOfMonth(month + 1); day++)
    share += retailer.dayShare(family, region, day);
  const factor = share * retailer.level(family, region, month) * error;
  const paid = retailer.promotion(family, region, month)?.price ?? 1;
  let units = 0;
  let revenue = 0;
  eachLeaf(retailer, family, region, (sku, _location, weekly) => {
    const quantity = Math.round(weekly * factor);
    units += quantity;
    revenue += extendedAmount(quantity, salePrice(retailer.products[sku]!.price, paid));
  });
  return { month, units, revenue };
}

function splitOf(retailer: Retailer, family: number, region: number, closed: string[]): SplitProfile {
  const profile = retailer.profile(family, region);
  const leaves: SplitProfile['leaves'] = [];
  eachLeaf(retailer, family, region, (sku, location, weight) => {
    leaves.push({
      sku: retailer.products[sku]!.sku,
      location: retailer.locations[location]!.code,
      weight,
      linesPerUnit: 1 / retailer.unitsPerLine[sku]!,
    });
  });
  return {
    family: retailer.families[family]!.name,
    region: retailer.regions[region]!.name,
    weekday: [...profile.weekday],
    hour: [...profile.hour],
    closed: [...closed],
    alpha: retailer.families[family]!.alpha,
    leaves,
  };
}

function eachLeaf(
  retailer: Retailer,
  family: number,
  region: number,
  visit: (sku: number, location: number, weekly: number) => void,
): void {
  const places = retailer.locations.length;
  retailer.familyOfSku.forEach((f, sku) => {
    if (f !== family) return;
    for (let location = 0; location < places; location++) {
      const weekly = retailer.weeklyUnits[sku * places + location]!;
      if (retailer.regionOfLocation[location] === region && weekly > 0) visit(sku, location, weekly);
    }
  });
}

/** List price × the share that is paid, to the cent; never below one cent. */
export function salePrice(list: number, share: number): number {
  const cent = MONEY_SCALE / 100;
  return share === 1 ? list : Math.max(cent, Math.round((list * share) / cent) * cent);
}
