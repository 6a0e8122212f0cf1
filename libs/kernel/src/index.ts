export { canonicalJson, compareText } from './canonical.ts';
export {
  extendedAmount,
  formatDecimal,
  formatMoney,
  formatQuantity,
  MONEY_SCALE,
  parseDecimal,
  parseMoney,
  parseQuantity,
  QUANTITY_SCALE,
  type Money,
  type Quantity,
} from './decimal.ts';
export { PlumblineError } from './errors.ts';
export { hashBytes, KeyTable } from './key-table.ts';
export { murmur2, partitionOf } from './partition.ts';
export { Random } from './random.ts';
export {
  DAY_MS,
  firstDayOfMonth,
  formatDay,
  formatInstant,
  formatMonth,
  HOUR_MS,
  MINUTE_MS,
  monthOf,
  parseDay,
  parseInstant,
  parseMonth,
  weekdayOf,
  Zone,
  zoneOf,
  type BusinessDay,
  type Instant,
} from './zone.ts';
