import {
  extendedAmount,
  MONEY_SCALE,
  parseDecimal,
  parseMoney,
  parseQuantity,
  QUANTITY_SCALE,
} from '@plumbline/kernel';
import { z } from 'zod';
import { instant } from './exception.ts';

/** Limits of one line, so that sums of any real day stay exact integers. */
export const MAX_QUANTITY = 100_000_000 * QUANTITY_SCALE;
export const MAX_PRICE = 100_000_000 * MONEY_SCALE;
export const MAX_AMOUNT = 10_000_000_000 * MONEY_SCALE;
/** Largest sku and location code, in UTF-8 bytes; largest id and source, in UTF-16 code units. */
export const MAX_CODE_BYTES = 64;
export const MAX_ID_LENGTH = 256;

/** Visible text: no control characters (a database cannot keep NUL) and no lone surrogates. */
export const text = (max: number) =>
  z
    .string({ error: 'must be text' })
    .min(1, { error: 'must not be empty' })
    .max(max, { error: `must be at most ${max} characters; shorten it` })
    .regex(/^\P{Cc}+$/u, { error: 'must not contain control characters; remove them' })
    .refine((value) => value.isWellFormed(), { error: 'must be well-formed Unicode; remove the lone surrogate' });

/** A SKU or location code. */
export const code = text(MAX_CODE_BYTES).refine((value) => utf8Length(value) <= MAX_CODE_BYTES, {
  error: `must be at most ${MAX_CODE_BYTES} bytes of UTF-8; shorten it`,
});

/**
 * An RFC 3339 instant with seconds, an offset, and at most nine decimals of a second: what `parseInstant` takes. The
 * calendar is checked by pattern, because a calendar library costs more than all the rest of an event.
 */
export const eventTime = instant.regex(/T\d{2}:\d{2}:\d{2}(\.\d{1,9})?[Z+-]/, {
  error: 'must be an RFC 3339 instant with seconds and offset, for example "2026-11-23T09:41:02Z"',
});

/** Exact decimals travel as text, because a JSON number may be read as a binary float. */
const decimalText = (pattern: RegExp, error: string, accepts: (value: string) => boolean) =>
  z.string({ error }).max(32, { error }).regex(pattern, { error }).refine(accepts, { error });

const between = (value: number, low: number, high: number): boolean => value >= low && value <= high;

const UNSIGNED = /^\d+(\.\d+)?$/;
const SIGNED = /^-?\d+(\.\d+)?$/;
const SENT_AS = 'sent as text such as "0.35"';

/** More than 0, in thousandths at the finest. */
export const positiveQuantity = decimalText(
  UNSIGNED,
  `must be an exact decimal above 0 and at most 100000000, with at most three decimals, ${SENT_AS}`,
  (value) => between(parseQuantity(value), 1, MAX_QUANTITY),
);
export const countedQuantity = decimalText(
  UNSIGNED,
  `must be an exact decimal of 0 to 100000000, with at most three decimals, ${SENT_AS}`,
  (value) => between(parseQuantity(value), 0, MAX_QUANTITY),
);
export const signedQuantity = decimalText(
  SIGNED,
  `must be an exact decimal other than 0, with at most three decimals, ${SENT_AS}`,
  (value) => between(Math.abs(parseQuantity(value)), 1, MAX_QUANTITY),
);
/** Price of one unit, in ten-thousandths of the currency at the finest. */
export const unitPrice = decimalText(
  UNSIGNED,
  `must be an exact decimal of 0 to 100000000, with at most four decimals, ${SENT_AS}`,
  (value) => between(parseMoney(value), 0, MAX_PRICE),
);
export const currency = z
  .string({ error: 'must be an ISO 4217 code such as "EUR"' })
  .regex(/^[A-Z]{3}$/, { error: 'must be an ISO 4217 code such as "EUR"' });

/** CloudEvents `sequence`: a decimal integer as text; leading zeros are allowed. */
export const sequenceText = z
  .string({ error: 'must be a decimal integer sent as text, for example "42"' })
  .regex(/^\d{1,20}$/, { error: 'must be a decimal integer sent as text, for example "42"' })
  .refine((value) => !Number.isNaN(parseDecimal(value, 1)), { error: 'must be below 2^53; start a new source' });

/** True when quantity × price stays within one line's limit. Malformed members are reported by their own rules. */
export const amountFits = (line: { quantity: string; price: string }): boolean => {
  const quantity = parseQuantity(line.quantity);
  const price = parseMoney(line.price);
  return Number.isNaN(quantity) || Number.isNaN(price) || extendedAmount(quantity, price) <= MAX_AMOUNT;
};

/** Bytes of a text in UTF-8; a lone surrogate counts as its replacement character. */
export function utf8Length(value: string): number {
  let length = 0;
  for (const character of value) {
    const point = character.codePointAt(0)!;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}
