import * as scan from './scan.ts';

const MOST_VALUES = 32;
const MOST_BYTES = 4096;
/** Members whose value is part of the shape, so that what was found out about them once holds for all who share it. */
const FIXED = (1 << scan.SPECVERSION) | (1 << scan.TYPE) | (1 << scan.CONTENT_TYPE) | (1 << scan.DATASCHEMA);

/**
 * How the last event was written: its bytes between the values. A source writes its events alike, so the next one is
 * mostly read by comparing these and finding where each value ends. An event that matches has the structure of one
 * that was read member by member; only its values differ.
 */
export class EventShape {
  /** Members seen in the event learnt from. */
  seen = 0;
  isReturn = false;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #bytes = new Uint8Array(MOST_BYTES);
  #length = 0;
  #values = 0;
  /** By order of appearance: member, and where the value stood in the event learnt from. */
  readonly #field = new Int8Array(MOST_VALUES);
  readonly #from = new Int32Array(MOST_VALUES);
  readonly #to = new Int32Array(MOST_VALUES);

  /** @param starts, ends where matching puts the values, by member */
  constructor(starts: Int32Array, ends: Int32Array) {
    this.#starts = starts;
    this.#ends = ends;
  }

  matches(b: Uint8Array): boolean {
    const shape = this.#bytes;
    const length = this.#length;
    const n = b.length;
    if (length === 0) return false;
    let read = 0;
    let at = 0;
    for (let value = 0; value < this.#values; value++) {
      const gapEnd = this.#from[value]!;
      if (at + gapEnd - read > n) return false;
      for (; read < gapEnd; read++, at++) if (b[at] !== shape[read]) return false;
      const end = scan.plainEnd(b, at, n);
      if (end < 0) return false;
      const field = this.#field[value]!;
      if (field >= 0) {
        if (end === at || end - at > scan.MAX_LENGTH[field]!) return false;
        this.#starts[field] = at;
        this.#ends[field] = end;
      }
      at = end;
      read = this.#to[value]!;
    }
    if (n - at !== length - read) return false;
    for (; read < length; read++, at++) if (b[at] !== shape[read]) return false;
    return true;
  }

  /** Forgets, and takes notes of another event. */
  begin(): void {
    this.#length = 0;
    this.#values = 0;
  }

  /** The next string value of the event. */
  note(field: number, start: number, end: number): void {
    if (field >= 0 && ((1 << field) & FIXED) !== 0) return;
    const value = this.#values++;
    if (value >= MOST_VALUES) return;
    this.#field[value] = field;
    this.#from[value] = start;
    this.#to[value] = end;
  }

  /** The event noted is a shape to go by. */
  learn(b: Uint8Array, seen: number, isReturn: boolean): void {
    if (this.#values > MOST_VALUES || b.length > MOST_BYTES) return this.begin();
    this.#bytes.set(b);
    this.#length = b.length;
    this.seen = seen;
    this.isReturn = isReturn;
  }
}
