import { PlumblineError } from '@plumbline/kernel';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');

/**
 * Writes rows in PostgreSQL's binary COPY format into one growing buffer: no strings, no allocation per row.
 * Format: PostgreSQL manual, COPY, "Binary Format"; arrays as array_send writes them.
 */
export class CopyBuffer {
  #bytes: Buffer;
  #view: DataView;
  #at = 0;

  constructor(expectedBytes = 1 << 16) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(expectedBytes, 64));
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    this.#at = SIGNATURE.copy(this.#bytes);
  }

  row(columns: number): void {
    this.#room(2);
    this.#view.setInt16(this.#at, columns);
    this.#at += 2;
  }

  int4(value: number): void {
    this.#room(8);
    this.#length(4);
    this.#int4(value);
  }

  int8(value: number): void {
    this.#room(12);
    this.#length(8);
    this.#int8(value);
  }

  text(value: string | undefined): void {
    if (value === undefined) return this.#null();
    const size = Buffer.byteLength(value);
    this.#room(4 + size);
    this.#length(size);
    this.#at += this.#bytes.write(value, this.#at);
  }

  bytes(value: Uint8Array): void {
    this.#room(4 + value.length);
    this.#length(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  smallints(values: readonly number[]): void {
    this.#array(values.length, 21, 2);
    for (let i = 0; i < values.length; i++) {
      this.#length(2);
      this.#view.setInt16(this.#at, values[i]!);
      this.#at += 2;
    }
  }

  integers(values: readonly number[]): void {
    this.#array(values.length, 23, 4);
    for (let i = 0; i < values.length; i++) {
      this.#length(4);
      this.#int4(values[i]!);
    }
  }

  bigints(values: readonly number[]): void {
    this.#array(values.length, 20, 8);
    for (let i = 0; i < values.length; i++) {
      this.#length(8);
      this.#int8(values[i]!);
    }
  }

  /** All of it, ended. */
  finish(): Uint8Array {
    this.row(-1);
    return this.#bytes.subarray(0, this.#at);
  }

  #null(): void {
    this.#room(4);
    this.#length(-1);
  }

  #array(count: number, element: number, size: number): void {
    this.#room(24 + count * (4 + size));
    this.#length(count === 0 ? 12 : 20 + count * (4 + size));
    this.#length(count === 0 ? 0 : 1);
    this.#length(0);
    this.#length(element);
    if (count === 0) return;
    this.#length(count);
    this.#length(1);
  }

  #length(value: number): void {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  #int4(value: number): void {
    if ((value | 0) !== value) throw notInteger(value);
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  #int8(value: number): void {
    if (!Number.isSafeInteger(value)) throw notInteger(value);
    this.#view.setInt32(this.#at, Math.floor(value / 4_294_967_296));
    this.#view.setUint32(this.#at + 4, value >>> 0);
    this.#at += 8;
  }

  #room(size: number): void {
    if (this.#at + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#at + size, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer, larger.byteOffset, larger.length);
  }
}

const notInteger = (value: number): PlumblineError =>
  new PlumblineError('not-an-integer', `${value} is no integer of the size its column holds`, { where: 'store, bulk write', fix: 'quantities and money must reach the store as integers of their smallest unit' });

/** PostgreSQL's text cannot hold NUL; it becomes U+FFFD, as lone surrogates do on their way to UTF-8. */
export const storableText = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text);
