import type { ExceptionKind } from '@plumbline/contracts';
import { formatDecimal, MONEY_SCALE, QUANTITY_SCALE, weekdayOf, type BusinessDay, type Money } from '@plumbline/kernel';

/** Prior hazard a day that something is wrong with a watched node, π. */
export const HAZARD = 0.003;

/** Days within which acting still helps: what divides the value at risk into a priority. */
const timeToAct: Record<ExceptionKind, number> = {
  'feed-silence': 0.25,
  'zero-run': 0.5,
  'demand-surge': 1,
  'demand-drop': 2,
};

/** p = πS/(1 + πS) from ln S. */
export const probabilityOf = (lnStatistic: number): number => 1 / (1 + Math.exp(-(Math.log(HAZARD) + lnStatistic)));

/** Priority = p · EVaR / time to act: currency a day, rounded to the hundredth. */
export const priorityOf = (kind: ExceptionKind, probability: number, valueAtRisk: Money): number =>
  Math.round((100 * probability * valueAtRisk) / MONEY_SCALE / timeToAct[kind]) / 100;

/** One past the last day of the horizon: the end of the ISO week, and from Sunday on that of the next. */
export const horizonEnd = (day: BusinessDay): BusinessDay => day + (weekdayOf(day) === 6 ? 8 : 7 - weekdayOf(day));

/**
 * Value at risk: what the business misses or takes beyond plan if the change goes on for the rest of the week,
 *   |(actual − expected so far) + (θ̂ − 1)·planned units still to come| × plan price,
 * plan price = planned revenue / planned units of the scope. Margin and supply (detection.md: margin·E[(D_H − supply)⁺])
 * are not in the plan of this slice; with them only this function changes.
 * Units in thousandths, revenue in ten-thousandths; the result is rounded to the hundredth of the currency.
 */
export function valueAtRisk(figures: {
  variance: number;
  ratio: number;
  remainingUnits: number;
  plannedUnits: number;
  plannedRevenue: Money;
}): Money {
  if (!(figures.plannedUnits > 0)) return 0;
  const units = Math.abs(figures.variance + (figures.ratio - 1) * figures.remainingUnits);
  return cents((units * figures.plannedRevenue) / figures.plannedUnits);
}

/** Whole hundredths of the currency, in ten-thousandths. */
const cents = (amount: number): Money => Math.round(amount / 100) * 100;

/** Quantities derived from expectations are not exact; they are shown and stored to the thousandth. */
export const decimalQuantity = (thousandths: number): string => formatDecimal(Math.round(thousandths), QUANTITY_SCALE);
export const decimalMoney = (amount: Money): string => formatDecimal(Math.round(amount), MONEY_SCALE);

/**
 * θ̂ and its 80 % range: θ | data ~ Gamma(a, b) with a = 1 + C/φ, b = 1 + E/φ, φ = 1 + alpha·μ (μ = mean expected a
 * day), by Wilson and Hilferty's cube-root normal approximation. Rounded to four digits.
 */
export function ratioRange(lines: number, expected: number, days: number, alpha: number): { ratio: number; low: number; high: number } {
  if (!(expected > 0)) return { ratio: 1, low: 1, high: 1 };
  const phi = 1 + (alpha * expected) / Math.max(1, days);
  const a = 1 + lines / phi;
  const b = 1 + expected / phi;
  const quantile = (z: number): number => (a / b) * Math.max(0, 1 - 1 / (9 * a) + z / (3 * Math.sqrt(a))) ** 3;
  return { ratio: rounded(lines / expected, 4), low: rounded(quantile(-1.2815515655446004), 4), high: rounded(quantile(1.2815515655446004), 4) };
}

export function rounded(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  const result = Math.round(value * scale) / scale;
  return result === 0 ? 0 : result;
}
