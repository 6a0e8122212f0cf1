import { formatMoney, formatQuantity, type Instant, type Money, type Quantity } from '@plumbline/kernel';
import { instantText } from './civil.ts';
import type { PlumblineEvent } from './events.ts';

const encoder = new TextEncoder();

/** Attributes in the order they are written; the data comes last. */
const ORDER = [
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
] as const;

/** Structured mode: the whole event as one JSON object in UTF-8. Equal events give equal bytes when their data does. */
export function encodeEvent(event: PlumblineEvent): Uint8Array {
  return encoder.encode(JSON.stringify({ ...attributesOf(event), data: event.data }));
}

/** Kafka's binary mode: the data as value, the attributes as headers. */
export function encodeBinary(event: PlumblineEvent): { value: Uint8Array; headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributesOf(event))) {
    if (name !== 'datacontenttype') headers[`ce_${name}`] = value;
  }
  headers['content-type'] = event.datacontenttype ?? 'application/json';
  return { value: encoder.encode(JSON.stringify(event.data)), headers };
}

function attributesOf(event: PlumblineEvent): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const name of ORDER) {
    const value = event[name];
    if (value !== undefined) attributes[name] = value;
  }
  return attributes;
}

/** A sale or return in the units the streams count in. */
export interface SaleLine {
  type: 'pos.sale' | 'pos.return';
  id: string;
  source: string;
  time: Instant;
  /** Number of the event in its source, an unsigned safe integer. */
  sequence?: number;
  sku: string;
  location: string;
  quantity: Quantity;
  price: Money;
  currency: string;
  transaction?: string;
  customer?: string;
  promotion?: string;
}

/** The bytes `encodeEvent` gives for the same line, without building the event. Nothing is checked. */
export function encodeSale(line: SaleLine): Uint8Array {
  const sequence = line.sequence === undefined ? '' : `,"sequence":"${line.sequence}"`;
  const rest =
    optional('transaction', line.transaction) +
    optional('customer', line.customer) +
    optional('promotion', line.promotion);
  return encoder.encode(
    `{"specversion":"1.0","id":${quoted(line.id)},"source":${quoted(line.source)},"type":"${line.type}"` +
      `,"time":"${instantText(line.time)}","datacontenttype":"application/json"${sequence}` +
      `,"data":{"sku":${quoted(line.sku)},"location":${quoted(line.location)}` +
      `,"quantity":"${formatQuantity(line.quantity)}","price":"${formatMoney(line.price)}"` +
      `,"currency":${quoted(line.currency)}${rest}}}`,
  );
}

/** The same line as an event. */
export function saleEvent(line: SaleLine): PlumblineEvent {
  const { type, id, source, sku, location, currency, transaction, customer, promotion } = line;
  return {
    specversion: '1.0',
    id,
    source,
    type,
    time: instantText(line.time),
    datacontenttype: 'application/json',
    ...(line.sequence === undefined ? {} : { sequence: String(line.sequence) }),
    data: {
      sku,
      location,
      quantity: formatQuantity(line.quantity),
      price: formatMoney(line.price),
      currency,
      ...(transaction === undefined ? {} : { transaction }),
      ...(customer === undefined ? {} : { customer }),
      ...(promotion === undefined ? {} : { promotion }),
    },
  };
}

const PLAIN = /^[ !#-[\]-~]*$/;
const quoted = (value: string): string => (PLAIN.test(value) ? `"${value}"` : JSON.stringify(value));
const optional = (name: string, value: string | undefined): string =>
  value === undefined ? '' : `,"${name}":${quoted(value)}`;
