/**
 * Exact decimals as safe integers of a fixed smallest unit.
 * A quantity counts thousandths of a unit (0.350 kg = 350); money counts ten-thousandths of the currency (2.55 = 25 500).
 */
export type Quantity = number;
export type Money = number;

export const QUANTITY_SCALE = 1_000;
export const MONEY_SCALE = 10_000;

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/**
 * Parses a plain decimal ("-12.50") into integers of 1/scale.
 * @param scale a power of ten
 * @returns a safe integer, or NaN when the text is no plain decimal, has more decimals than the scale, or is too large
 */
export function parseDecimal(text: string, scale: number): number {
  const match = DECIMAL.exec(text);
  if (!match) return NaN;
  const decimals = Math.round(Math.log10(scale));
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > decimals) return NaN;
  const value = Number(match[2]) * scale + Number(fraction.padEnd(decimals, '0') || 0);
  if (!Number.isSafeInteger(value)) return NaN;
  return match[1] === '-' && value !== 0 ? -value : value;
}

/** The shortest plain decimal of an integer of 1/scale: 350 at 1000 → "0.35". */
export function formatDecimal(value: number, scale: number): string {
  const sign = value < 0 ? '-' : '';
  const size = Math.abs(value);
  const whole = Math.floor(size / scale);
  const fraction = size % scale;
  if (fraction === 0) return `${sign}${whole}`;
  const decimals = Math.round(Math.log10(scale));
  return `${sign}${whole}.${String(fraction).padStart(decimals, '0').replace(/0+$/, '')}`;
}

export const parseQuantity = (text: string): Quantity => parseDecimal(text, QUANTITY_SCALE);
export const formatQuantity = (value: Quantity): string => formatDecimal(value, QUANTITY_SCALE);
export const parseMoney = (text: string): Money => parseDecimal(text, MONEY_SCALE);
export const formatMoney = (value: Money): string => formatDecimal(value, MONEY_SCALE);

/** Extended amount of a line, rounded half away from zero to the ten-thousandth. */
export function extendedAmount(quantity: Quantity, unitPrice: Money): Money {
  const product = quantity * unitPrice;
  const size = Math.abs(product) + QUANTITY_SCALE / 2;
  if (Number.isSafeInteger(size)) {
    let whole = Math.floor(size / QUANTITY_SCALE);
    // The quotient may have been rounded up to the next integer.
    if (whole * QUANTITY_SCALE > size) whole--;
    return product < 0 ? -whole : whole;
  }
  const exact = BigInt(quantity) * BigInt(unitPrice);
  const magnitude = exact < 0n ? -exact : exact;
  const rounded = Number((magnitude + BigInt(QUANTITY_SCALE / 2)) / BigInt(QUANTITY_SCALE));
  return exact < 0n ? -rounded : rounded;
}
