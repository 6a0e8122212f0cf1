import type { KeyTable } from '@plumbline/kernel';
import type { FaultReason, PlumblineEvent } from './events.ts';

const NOTHING = new Uint8Array(0);

/** What an event is to the streams. */
export const SALE = 0;
export const RETURN = 1;
export const TICK = 2;
export const PLAN = 3;
export const COMMAND = 4;
export const OTHER = 5;

/** Events larger than this are refused before they are read. */
export const MAX_EVENT_BYTES = 1_048_576;

/** The event last decoded; one record is reused for all, so copy what must be kept. */
export class DecodedEvent {
  /** SALE, RETURN, TICK, PLAN, COMMAND or OTHER. */
  kind = OTHER;
  /** Index in the sources table. */
  source = -1;
  /** CloudEvents sequence, or −1 when the source does not number its events. */
  sequence = -1;
  /** Two independent 32-bit hashes of source and id. */
  idHashA = 0;
  idHashB = 0;
  /** Milliseconds UTC; of a tick, the instant it closes (`data.at`). */
  time = 0;
  /** Index in the SKU and location tables; −1 when unknown there, or when the event has none. */
  sku = -1;
  location = -1;
  /** Thousandths of a unit, positive for returns too; 0 unless SALE or RETURN, as all that follow. */
  quantity = 0;
  /** Ten-thousandths of the currency. */
  price = 0;
  /** Quantity × price, ten-thousandths, rounded half up. */
  amount = 0;
  /** The three letters of the ISO code, first in the highest byte: see `packCurrency`. */
  currency = 0;
  /** True when a dead letter is sent again. */
  redrive = false;
  /** Where the codes stand, for naming unknown ones: bytes[skuStart, skuEnd). Valid until the next call. */
  bytes: Uint8Array = NOTHING;
  skuStart = 0;
  skuEnd = 0;
  locationStart = 0;
  locationEnd = 0;
  /** The whole event, unless SALE or RETURN. */
  event: PlumblineEvent | undefined = undefined;
}

/** Why a record cannot be understood: the material of a dead letter. */
export interface EventFault {
  reason: FaultReason;
  detail: string;
  /** As far as they could be read. */
  source: string | undefined;
  id: string | undefined;
}

/** Undefined when decoded; otherwise `out` must not be used. */
export type DecodeOutcome = EventFault | undefined;
export type HeaderOf = (name: string) => string | undefined;

export interface DecodeTables {
  /** Looked up, never grown: an unknown code is −1. */
  skus: KeyTable;
  locations: KeyTable;
  /** Grows with each new source of a valid event. */
  sources: KeyTable;
}

/** "EUR" as one integer, for comparing without text. */
export const packCurrency = (code: string): number =>
  (code.charCodeAt(0) << 16) | (code.charCodeAt(1) << 8) | code.charCodeAt(2);
export const unpackCurrency = (packed: number): string =>
  String.fromCharCode(packed >> 16, (packed >> 8) & 255, packed & 255);
