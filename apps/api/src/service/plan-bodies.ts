import type { ImportFault as FaultBody, PlanDetail, PlanDiffBody, PlanLineBody } from '@plumbline/contracts';
import { formatMoney, formatMonth, formatQuantity, type Money, type Quantity } from '@plumbline/kernel';
import { decodePlan, diffPlans, type ImportFault, type PlanLine, type PlanVersion } from '@plumbline/plan';
import type { StoredPlan } from '@plumbline/ports';

/** Plan versions as they travel: exact decimals as text, months as 2026-11. */
export const detailOf = ({ summary, body }: StoredPlan): PlanDetail => ({ ...summary, lines: decodePlan(body).lines.map(lineOf) });

const lineOf = ({ family, region, month, units, revenue }: PlanLine): PlanLineBody => ({
  family,
  region,
  month: formatMonth(month),
  units: formatQuantity(units),
  revenue: formatMoney(revenue),
});

export function diffOf(from: PlanVersion, to: PlanVersion): PlanDiffBody {
  const diff = diffPlans(from, to);
  return {
    ...diff,
    units: quantities(diff.units),
    revenue: amounts(diff.revenue),
    lines: diff.lines.map((line) => ({
      ...line,
      month: formatMonth(line.month),
      units: quantities(line.units),
      revenue: amounts(line.revenue),
    })),
  };
}

interface Step<T> {
  from: T;
  to: T;
  change: T;
}

const quantities = ({ from, to, change }: Step<Quantity>): Step<string> => ({
  from: formatQuantity(from),
  to: formatQuantity(to),
  change: formatQuantity(change),
});
const amounts = ({ from, to, change }: Step<Money>): Step<string> => ({ from: formatMoney(from), to: formatMoney(to), change: formatMoney(change) });

/** The split profiles' file bears the name of its member in the request. */
export const faultOf = ({ file, row, column, code, message }: ImportFault): FaultBody => ({
  file: file === 'splits' ? 'profiles' : file,
  row,
  column,
  code,
  message,
});
