import { PlumblineError } from '@plumbline/kernel';

/**
 * Signed safe integers in as few bytes as they need: the first byte holds a continuation bit, the sign, and 6 bits;
 * each further byte a continuation bit and 7 bits, low bits first. Every integer has exactly one form.
 */
export class VarintWriter {
  #bytes = new Uint8Array(1024);
  #at = 0;

  /** @throws PlumblineError 'delta-not-integer' */
  integer(value: number): void {
    if (!Number.isSafeInteger(value)) {
      throw new PlumblineError('delta-not-integer', `counts and sums must be exact integers; found ${value}`, {
        fix: 'round once where the number is made',
      });
    }
    if (this.#at + 8 > this.#bytes.length) this.#grow(8);
    const bytes = this.#bytes;
    let rest = Math.abs(value);
    let byte = (rest % 64) + (value < 0 ? 64 : 0);
    rest = Math.floor(rest / 64);
    while (rest > 0) {
      bytes[this.#at++] = byte | 128;
      byte = rest % 128;
      rest = Math.floor(rest / 128);
    }
    bytes[this.#at++] = byte;
  }

  /** Differences of neighbours: small for sorted columns. */
  differences(column: ArrayLike<number>): void {
    let last = 0;
    for (let i = 0; i < column.length; i++) {
      this.integer(column[i]! - last);
      last = column[i]!;
    }
  }

  bytes(source: Uint8Array): void {
    if (this.#at + source.length > this.#bytes.length) this.#grow(source.length);
    this.#bytes.set(source, this.#at);
    this.#at += source.length;
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #grow(more: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

export class VarintReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  /** @throws PlumblineError 'delta-corrupt' at the end of the bytes, or for more than 53 bits */
  integer(): number {
    let byte = this.#next();
    const negative = (byte & 64) !== 0;
    let value = byte & 63;
    for (let unit = 64; byte >= 128; unit *= 128) {
      byte = this.#next();
      value += (byte & 127) * unit;
      if (value > Number.MAX_SAFE_INTEGER) throw corrupt('a number is too large');
    }
    return negative ? -value : value;
  }

  /** A count of things that each take at least `bytesEach`: never more than the bytes left can hold. */
  count(bytesEach: number): number {
    const value = this.integer();
    if (value < 0 || value * bytesEach > this.#bytes.length - this.#at) throw corrupt('a count is too large');
    return value;
  }

  differences(column: { [index: number]: number; readonly length: number }): void {
    let last = 0;
    for (let i = 0; i < column.length; i++) column[i] = last += this.integer();
  }

  #next(): number {
    if (this.#at >= this.#bytes.length) throw corrupt('it ends too early');
    return this.#bytes[this.#at++]!;
  }
}

export const corrupt = (what: string): PlumblineError =>
  new PlumblineError('delta-corrupt', `a stored tick delta cannot be read: ${what}`, {
    fix: 'restore the store from a backup, or replay the log into a new data directory',
  });
