import type { Exception } from '@plumbline/contracts';
import { formatDay, parseInstant, type Instant, type Zone } from '@plumbline/kernel';

/** Figures as a person reads them. The exact ones are in `--json`. */
const NARROW = '\u202f';
const MINUS = '−';

const SYMBOLS: Readonly<Record<string, string>> = { EUR: '€', USD: '$', GBP: '£', JPY: '¥', CNY: '¥', INR: '₹' };
const STEPS = [
  { from: 1e9, by: 1e9, mark: 'bn' },
  { from: 1e6, by: 1e6, mark: 'm' },
  { from: 1e3, by: 1e3, mark: 'k' },
];

/** "€3.2k", "−CHF 850"; three digits at most. */
export function shortMoney(decimal: string, currency: string): string {
  const symbol = SYMBOLS[currency] ?? `${currency}${NARROW}`;
  return signed(Number(decimal), (size) => `${symbol}${short(size)}`);
}

/** "€3,180.50": exact, thousands by commas. */
export function exactMoney(decimal: string, currency: string): string {
  const symbol = SYMBOLS[currency] ?? `${currency}${NARROW}`;
  const [sign, size] = decimal.startsWith('-') ? [MINUS, decimal.slice(1)] : ['', decimal];
  return `${sign}${symbol}${grouped(size)}`;
}

/** "1,204.35" of an exact decimal. */
export function grouped(decimal: string): string {
  const [sign, size] = decimal.startsWith('-') ? [MINUS, decimal.slice(1)] : ['', decimal];
  const [whole, fraction] = size.split('.');
  const parts = whole!.replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? `${sign}${parts}` : `${sign}${parts}.${fraction}`;
}

export const count = (value: number): string => grouped(String(Math.round(value)));

/** "1 line", "2,400 lines". */
export const plural = (value: number, noun: string, nouns = `${noun}s`): string => `${count(value)} ${value === 1 ? noun : nouns}`;

/** As many decimals in each, so that their points stand below one another: three are exact for units, two for money are cents. */
export const fixed = (decimal: string, places: number): string => grouped(Number(decimal).toFixed(places));

/** "+38 %", "−100 %": a difference from plan, as a share of it. */
export function percent(share: number): string {
  const rounded = Math.round(share * 100);
  const sign = rounded < 0 ? MINUS : rounded > 0 ? '+' : '';
  return `${sign}${count(Math.abs(rounded))}${NARROW}%`;
}

/** Bytes as "1.2 GB". */
export function bytes(value: number): string {
  const step = [{ by: 1e9, mark: 'GB' }, { by: 1e6, mark: 'MB' }].find(({ by }) => value >= by) ?? { by: 1e3, mark: 'kB' };
  return `${threeDigits(value / step.by)}${NARROW}${step.mark}`;
}

/** "8 s", "3 min", "2 h": rounded up, for the time that is left. */
export function secondsLeft(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.ceil(seconds))} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}

/** "2026-11-23 09:40" by the clock of a zone. */
export function moment(instant: string | Instant, zone: Zone): string {
  const at = typeof instant === 'string' ? parseInstant(instant) : instant;
  const minute = Math.floor(zone.minuteOf(at));
  return `${formatDay(zone.dayOf(at))} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/** "cakes in North", "SKU 4711 at L07", "everything". */
export function scopeText({ sku, family, location, region }: Exception['scope']): string {
  const product = sku ?? family;
  const place = location ?? region;
  if (product === undefined && place === undefined) return 'everything';
  if (product === undefined) return place!;
  return place === undefined ? product : `${product} ${location === undefined ? 'in' : 'at'} ${place}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

function signed(value: number, text: (size: number) => string): string {
  return value < 0 ? `${MINUS}${text(-value)}` : text(value);
}

function short(size: number): string {
  const step = STEPS.find(({ from }) => size >= from * 0.9995);
  return step ? `${threeDigits(size / step.by)}${step.mark}` : String(Math.round(size));
}

/** "3.2", "48", "310": one decimal below ten. */
const threeDigits = (value: number): string => (value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : count(value));
