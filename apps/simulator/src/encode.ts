import { formatInstant, formatMoney, formatQuantity, MINUTE_MS, type Instant } from '@plumbline/kernel';
import type { Retailer } from './retailer.ts';
import { MALFORMED, RETURN, UNKNOWN_SKU } from './sends.ts';

export const sourceOf = (location: string): string => `urn:plumbline:demo:${location}`;
export const CLOCK_SOURCE = 'urn:plumbline:demo:clock';

/** One line to encode; times in milliseconds UTC, quantity in thousandths, price in ten-thousandths. */
export interface Line {
  leaf: number;
  kind: number;
  time: Instant;
  quantity: number;
  price: number;
  sequence: number;
}

/** Writes events as structured CloudEvents JSON, by template: this is the generator's hot path. */
export class Encoder {
  readonly #skus: string[];
  readonly #codes: string[];
  readonly #keys: Uint8Array[];
  readonly #strayKeys: Uint8Array[];
  readonly #currency: string;
  readonly #quantities = new Map<number, string>();
  readonly #prices = new Map<number, string>();
  #minute = NaN;
  #minuteText = '';

  constructor(retailer: Retailer) {
    this.#skus = retailer.products.map((product) => product.sku);
    this.#codes = retailer.locations.map((location) => location.code);
    this.#keys = this.#skus.map((sku) => Buffer.from(sku));
    this.#strayKeys = this.#skus.map((sku) => Buffer.from(strayOf(sku)));
    this.#currency = retailer.currency;
  }

  /** The log key of a line: its SKU. */
  key(leaf: number, kind: number): Uint8Array {
    const sku = Math.floor(leaf / this.#codes.length);
    return kind === UNKNOWN_SKU ? this.#strayKeys[sku]! : this.#keys[sku]!;
  }

  line({ leaf, kind, time, quantity, price, sequence }: Line): Uint8Array {
    const sku = Math.floor(leaf / this.#codes.length);
    const code = this.#codes[leaf - sku * this.#codes.length]!;
    const name = kind === UNKNOWN_SKU ? strayOf(this.#skus[sku]!) : this.#skus[sku]!;
    const units = kind === MALFORMED ? 'two' : remembered(this.#quantities, quantity, formatQuantity);
    const paid = remembered(this.#prices, price, formatMoney);
    const type = kind === RETURN ? 'pos.return' : 'pos.sale';
    const text = `{"specversion":"1.0","type":"${type}","source":"urn:plumbline:demo:${code}","id":"${code}-${sequence}","sequence":"${sequence}","time":"${this.#time(time)}","datacontenttype":"application/json","data":{"sku":"${name}","location":"${code}","quantity":"${units}","price":"${paid}","currency":"${this.#currency}"}}`;
    return Buffer.from(text, 'latin1');
  }

  tick(at: Instant, heard: readonly string[]): Uint8Array {
    const time = formatInstant(at);
    return Buffer.from(
      JSON.stringify({
        specversion: '1.0',
        type: 'clock.ticked',
        source: CLOCK_SOURCE,
        id: `tick-${at}`,
        time,
        datacontenttype: 'application/json',
        data: { at: time, heard },
      }),
    );
  }

  /** Event times are whole seconds; neighbours share their minute's text. */
  #time(time: Instant): string {
    const minute = Math.floor(time / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#minuteText = formatInstant(minute * MINUTE_MS).slice(0, 17);
    }
    const second = Math.floor((time - minute * MINUTE_MS) / 1000);
    return `${this.#minuteText}${second < 10 ? '0' : ''}${second}Z`;
  }
}

/** A code that is in no plan. */
const strayOf = (sku: string): string => `99${sku}`;

function remembered(texts: Map<number, string>, value: number, format: (value: number) => string): string {
  let text = texts.get(value);
  if (text === undefined) texts.set(value, (text = format(value)));
  return text;
}
