import { money, moneyExact, percent, quantity, signed } from '#format/numbers.ts';
import { levelOf, levelWords, type Shown } from './figures.ts';
import type { Measure } from './view.ts';

const MINUS = '\u2212';
const narrow = (text: string): string => text.replace('-', MINUS);

/** Amounts as they stand in a cell: units whole, money short. */
export function amount(value: number, measure: Measure, currency: string | null): string {
  return measure === 'units' ? quantity(Math.abs(value) < 10 ? Math.round(value * 10) / 10 : value) : money(value, currency);
}

export const exact = (value: number, measure: Measure, currency: string | null): string =>
  measure === 'units' ? quantity(value) : moneyExact(value, currency);

export function signedAmount(value: number, measure: Measure, currency: string | null): string {
  if (measure === 'units') return signed((Math.abs(value) < 10 ? Math.round(value * 10) / 10 : Math.round(value)) + 0);
  const text = money(value, currency);
  return value > 0 ? `+${text}` : narrow(text);
}

/** Percent of plan; far above it as a multiple, for a plan of nearly nothing. */
export function percentOfPlan(value: number | null): string {
  if (value === null) return '–';
  return value >= 1000 ? `×${Math.round(value / 100)}` : percent(value);
}

/** A cell in one sentence, for the line below the grid and for a screen reader. */
export function cellSentence(what: string, cell: Shown, measure: Measure, currency: string | null, exceptions: number): string {
  const of = (value: number): string => exact(value, measure, currency);
  const unit = measure === 'units' ? ' units' : '';
  const parts: string[] = [];
  if (cell.whole === 0 && !cell.actual) parts.push('nothing is planned, and nothing was sold');
  else if (cell.actual === null || (cell.actual === 0 && cell.planned === 0)) parts.push(`${of(cell.whole)}${unit} planned, nothing to compare yet`);
  else if (cell.percent === null) parts.push(`${of(cell.actual)}${unit} where nothing is planned`);
  else parts.push(`${of(cell.actual)} of ${of(cell.planned)}${unit} planned so far, ${percentOfPlan(cell.percent)}`);
  if (cell.variance !== null && cell.percent !== null) parts.push(`${signedAmount(cell.variance, measure, currency)}, ${levelWords[levelOf(cell.evidence)]}`);
  if (cell.projection) parts.push(`${of(cell.whole)} planned in all, likely end ${amount(cell.projection.p10, measure, currency)} to ${amount(cell.projection.p90, measure, currency)}`);
  if (exceptions > 0) parts.push(`${exceptions} open ${exceptions === 1 ? 'exception' : 'exceptions'}`);
  return `${what}: ${parts.join('; ')}`;
}
