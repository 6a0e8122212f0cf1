import type { Altitude, ExceptionKind, Scope } from '@plumbline/contracts';
import { DAY_MS, HOUR_MS, MINUTE_MS, MONEY_SCALE, QUANTITY_SCALE, weekdayOf, type Instant, type Money, type Zone } from '@plumbline/kernel';

/** What a headline is made of. Quantities in thousandths (lines × 1000 where the measure is lines), money in ten-thousandths. */
export interface Telling {
  kind: ExceptionKind;
  altitude: Altitude;
  /** Names as planners say them. */
  product: string | undefined;
  place: string | undefined;
  region: string | undefined;
  since: Instant;
  now: Instant;
  /** Clock that the sentence is told by. */
  zone: Zone;
  measure: 'lines' | 'units';
  /** Against which the sentence compares: the plan, or the rate sensed before the change when the plan points the other way. */
  basis: 'plan' | 'recent';
  expected: number;
  actual: number;
  valueAtRisk: Money;
  currency: string;
  /** The part with the largest share of the variance, and that share. */
  mover: { label: string; share: number } | undefined;
  /** It is over: told in the past. */
  over?: boolean;
}

/** Narrow no-break space, as typographers put before % and units. */
const NARROW = '\u202f';
/** A part is named when it alone explains at least this much. */
const NAMED_SHARE = 0.5;

/** The sentence a planner would say aloud. One line, no markup. */
export function headline(telling: Telling): string {
  const where = subject(telling);
  if (telling.kind === 'feed-silence') {
    const silent = duration(telling.now - telling.since);
    return `${where} ${telling.over ? 'was' : 'is'} silent for ${silent}: ${count(telling.expected, 'sale')} expected since ${moment(telling)}.`;
  }
  if (telling.kind === 'zero-run' && telling.actual === 0) {
    return `${where}: no sale for ${duration(telling.now - telling.since)}, ${number(telling.expected)} expected.`;
  }
  const percent = telling.expected > 0 ? Math.round((100 * (telling.actual - telling.expected)) / telling.expected) : 0;
  const against = telling.basis === 'plan' ? 'plan' : 'its recent rate';
  const deviation = percent === 0 ? `on ${against}` : `${grouped(Math.abs(percent))}${NARROW}% ${percent < 0 ? 'under' : 'over'} ${against}`;
  const noun = telling.measure === 'units' ? 'units' : 'sales';
  const amounts = `${number(telling.actual)} of ${number(telling.expected)} ${noun}, ${money(telling.valueAtRisk, telling.currency)} at risk`;
  return `${where} sells ${deviation} since ${moment(telling)}: ${amounts}.${cause(telling)}`;
}

/** "Bakery in North", "Store 17 in Lyon", "The whole business". */
export function subject({ altitude, product, place, region }: Pick<Telling, 'altitude' | 'product' | 'place' | 'region'>): string {
  switch (altitude) {
    case 'total':
      return 'The whole business';
    case 'region':
      return region!;
    case 'location':
      return place!.includes(region!) ? place! : `${place} in ${region}`;
    case 'family':
    case 'sku':
      return product!;
    case 'family-region':
    case 'sku-region':
      return `${product} in ${region}`;
    case 'leaf':
      return `${product} in ${place}`;
  }
}

function cause({ mover }: Telling): string {
  if (!mover || mover.share < NAMED_SHARE) return '';
  if (mover.share > 1) return ` ${mover.label} alone explains all of it.`;
  return ` ${mover.label} alone explains ${Math.round(100 * mover.share)}${NARROW}%.`;
}

/** "09:40" today, "Mon 23 Nov" on another day of the teller's clock. */
function moment({ since, now, zone }: Telling): string {
  const day = zone.dayOf(since);
  if (day === zone.dayOf(now)) {
    const minute = Math.floor(zone.minuteOf(since));
    return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
  }
  const { month, dayOfMonth } = civil(day);
  return `${WEEKDAYS[weekdayOf(day)]} ${dayOfMonth} ${MONTHS[month]}`;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: number): string => String(value).padStart(2, '0');

/** Days since 1970-01-01 → month 0–11 and day of month (Howard Hinnant's civil_from_days). */
function civil(day: number): { month: number; dayOfMonth: number } {
  const z = day + 719_468;
  const dayOfEra = z - Math.floor(z / 146_097) * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  return { month: (shifted + 2) % 12, dayOfMonth: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1 };
}

/** "12 minutes", "5 hours", "3 days"; rounded down. */
export function duration(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < 2 * HOUR_MS) return plural(Math.floor(span / MINUTE_MS), 'minute');
  if (span < 2 * DAY_MS) return plural(Math.floor(span / HOUR_MS), 'hour');
  return plural(Math.floor(span / DAY_MS), 'day');
}

const plural = (n: number, noun: string): string => `${grouped(n)} ${noun}${n === 1 ? '' : 's'}`;

const count = (thousandths: number, noun: string): string => plural(Math.round(thousandths / QUANTITY_SCALE), noun);

/** Whole from ten on, one decimal below: "412", "7.5". */
function number(thousandths: number): string {
  const value = thousandths / QUANTITY_SCALE;
  if (Math.abs(value) >= 9.95) return grouped(Math.round(value));
  return String(Math.round(value * 10) / 10).replace('-', '−');
}

/** Thousands by commas. */
function grouped(whole: number): string {
  const digits = String(Math.abs(whole)).replace(/\B(?=(\d{3})+$)/g, ',');
  return whole < 0 ? `−${digits}` : digits;
}

const SYMBOLS: Record<string, string> = { EUR: '€', USD: '$', GBP: '£', JPY: '¥', CNY: '¥', INR: '₹' };

/** "€3,180"; currencies without a symbol by code: "CHF 3,180". */
export function money(amount: Money, currency: string): string {
  const whole = grouped(Math.abs(Math.round(amount / MONEY_SCALE)));
  const sign = amount < 0 ? '−' : '';
  const symbol = SYMBOLS[currency];
  return symbol ? `${sign}${symbol}${whole}` : `${sign}${currency}${NARROW}${whole}`;
}

/** What to do, in MRP's words. */
export function recommendedActions(kind: ExceptionKind, altitude: Altitude, scope: Scope): string[] {
  const local = scope.location !== undefined;
  switch (kind) {
    case 'feed-silence':
      return ['Check the feed: till, network, export', 'Have missed sales sent again once it is back'];
    case 'zero-run':
      return [
        'Check the shelf: out of stock, off the shelf, or not listed',
        'Count the stock; adjust it if the record is wrong',
        ...(altitude === 'leaf' ? ['Transfer stock from a location below plan'] : ['Expedite open supply']),
      ];
    case 'demand-surge':
      return [
        'Expedite open supply',
        local ? 'Transfer stock from locations below plan' : 'Reallocate stock towards this demand',
        'Reschedule in the next receipts',
        ...(scope.sku === undefined ? ['Build ahead or plan overtime if it lasts'] : ['Accept shortfall if it is a one-off']),
      ];
    case 'demand-drop':
      return [
        'De-expedite open supply',
        local ? 'Transfer stock to locations above plan' : 'Reallocate stock to regions above plan',
        'Reschedule out or cancel orders not yet confirmed',
      ];
  }
}
