import { dataschemaOf } from './events.ts';
import { MAX_CODE_BYTES, MAX_ID_LENGTH } from './fields.ts';

/**
 * Byte-level pieces of the decoder's fast path. They understand plain ASCII JSON of the pos.* contract and answer −1
 * for all else; the caller then takes the slow path, which is the truth.
 */
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN = 0x7b;
export const CLOSE = 0x7d;
const SPACE = 0x20;

/** Members the scanner notes: their number is their bit in the set of members seen. */
export const SPECVERSION = 0;
export const ID = 1;
export const SOURCE = 2;
export const TYPE = 3;
export const TIME = 4;
export const CONTENT_TYPE = 5;
export const DATASCHEMA = 6;
export const SUBJECT = 7;
export const SEQUENCE = 8;
export const REDRIVE = 9;
export const DATA = 10;
export const SKU = 11;
export const LOCATION = 12;
export const QUANTITY = 13;
export const PRICE = 14;
export const CURRENCY = 15;
export const TRANSACTION = 16;
export const CUSTOMER = 17;
export const PROMOTION = 18;
export const FIELDS = 19;
export const UNKNOWN = -1;

const bit = (...fields: number[]): number => fields.reduce((set, field) => set | (1 << field), 0);
export const REQUIRED = bit(SPECVERSION, ID, SOURCE, TYPE, TIME, DATA, SKU, LOCATION, QUANTITY, PRICE, CURRENCY);

const ascii = (value: string): Uint8Array => Uint8Array.from(value, (character) => character.charCodeAt(0));

const NAMES = [
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'datacontenttype',
  'dataschema',
  'subject',
  'sequence',
  'redrive',
  'data',
  'sku',
  'location',
  'quantity',
  'price',
  'currency',
  'transaction',
  'customer',
  'promotion',
] as const;
/** Each name with its closing quote. */
const QUOTED = NAMES.map((name) => ascii(`${name}"`));
export const NAME_LENGTH = Uint8Array.from(NAMES, (name) => name.length);
/** Longest value the fast path takes; what is longer is judged by the schema. */
export const MAX_LENGTH = new Uint16Array(FIELDS).fill(128);
for (const field of [ID, SOURCE, SUBJECT]) MAX_LENGTH[field] = MAX_ID_LENGTH;
for (const field of [SKU, LOCATION]) MAX_LENGTH[field] = MAX_CODE_BYTES;

export const VERSION = ascii('1.0');
export const SALE_TYPE = ascii('pos.sale');
export const RETURN_TYPE = ascii('pos.return');
export const SALE_SCHEMA = ascii(dataschemaOf('pos.sale'));
export const RETURN_SCHEMA = ascii(dataschemaOf('pos.return'));
export const JSON_TYPE = ascii('application/json');

/** 1 for bytes that stand for themselves inside a JSON string: printable ASCII without quote and backslash. */
const PLAIN = new Uint8Array(256);
for (let byte = SPACE; byte < 0x7f; byte++) PLAIN[byte] = byte === QUOTE || byte === 0x5c ? 0 : 1;

/** True when `b` continues with `expected` at `at`. */
export function startsWith(b: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (b[at + i] !== expected[i]) return false;
  return true;
}

export const equals = (b: Uint8Array, start: number, end: number, expected: Uint8Array): boolean =>
  end - start === expected.length && startsWith(b, start, expected);

/** The member of the envelope whose name begins at `at`, or UNKNOWN. */
export function envelopeField(b: Uint8Array, at: number): number {
  const second = b[at + 1];
  let field: number;
  switch (b[at]) {
    case 0x69: // i
      field = ID;
      break;
    case 0x74: // t
      field = second === 0x79 ? TYPE : TIME;
      break;
    case 0x73: // s
      field = second === 0x6f ? SOURCE : second === 0x70 ? SPECVERSION : second === 0x65 ? SEQUENCE : SUBJECT;
      break;
    case 0x64: // d
      field = b[at + 4] === QUOTE ? DATA : b[at + 4] === 0x63 ? CONTENT_TYPE : DATASCHEMA;
      break;
    case 0x72: // r
      field = REDRIVE;
      break;
    default:
      return UNKNOWN;
  }
  return startsWith(b, at, QUOTED[field]!) ? field : UNKNOWN;
}

/** The member of a line whose name begins at `at`, or UNKNOWN. */
export function lineField(b: Uint8Array, at: number): number {
  let field: number;
  switch (b[at]) {
    case 0x73: // s
      field = SKU;
      break;
    case 0x6c: // l
      field = LOCATION;
      break;
    case 0x71: // q
      field = QUANTITY;
      break;
    case 0x70: // p
      field = b[at + 2] === 0x69 ? PRICE : PROMOTION;
      break;
    case 0x63: // c
      field = b[at + 2] === 0x72 ? CURRENCY : CUSTOMER;
      break;
    case 0x74: // t
      field = TRANSACTION;
      break;
    default:
      return UNKNOWN;
  }
  return startsWith(b, at, QUOTED[field]!) ? field : UNKNOWN;
}

/** Index of the quote that ends the string whose content begins at `at`, or −1 when it is not plain. */
export function plainEnd(b: Uint8Array, at: number, n: number): number {
  let i = at;
  while (i < n && PLAIN[b[i]!] === 1) i++;
  return i < n && b[i] === QUOTE ? i : -1;
}

/** Index of the first byte from `at` on that is no JSON white space. */
export function skipSpace(b: Uint8Array, at: number, n: number): number {
  let i = at;
  while (i < n) {
    const byte = b[i]!;
    if (byte > SPACE || (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break;
    i++;
  }
  return i;
}

/**
 * An unsigned plain decimal as an integer of 10^−decimals; with decimals −1 no decimal point is taken.
 * @returns −1 when malformed, too fine, or of more than 15 characters
 */
export function decimalOfBytes(b: Uint8Array, start: number, end: number, decimals: number): number {
  if (end - start > 15) return -1;
  let value = 0;
  let at = start;
  for (; at < end; at++) {
    const digit = b[at]! - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (at === start) return -1;
  let left = decimals;
  if (at < end) {
    if (decimals < 0 || b[at] !== 0x2e || ++at === end) return -1;
    for (; at < end; at++) {
      const digit = b[at]! - 0x30;
      if (digit < 0 || digit > 9 || (left === 0 && digit !== 0)) return -1;
      if (left > 0) {
        value = value * 10 + digit;
        left--;
      }
    }
  }
  for (; left > 0; left--) value *= 10;
  return value;
}
