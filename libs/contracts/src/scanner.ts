import type { HeaderOf } from './decoded.ts';
import * as scan from './scan.ts';
import { EventShape } from './shape.ts';

/** Headers of Kafka's binary mode by the member they carry. */
export const HEADERS: readonly [field: number, header: string, member: string][] = [
  [scan.SPECVERSION, 'ce_specversion', 'specversion'],
  [scan.ID, 'ce_id', 'id'],
  [scan.SOURCE, 'ce_source', 'source'],
  [scan.TYPE, 'ce_type', 'type'],
  [scan.TIME, 'ce_time', 'time'],
  [scan.SEQUENCE, 'ce_sequence', 'sequence'],
  [scan.REDRIVE, 'ce_redrive', 'redrive'],
  [scan.SUBJECT, 'ce_subject', 'subject'],
  [scan.DATASCHEMA, 'ce_dataschema', 'dataschema'],
  [scan.CONTENT_TYPE, 'content-type', 'datacontenttype'],
];

/**
 * Finds the members of a plain pos.* event without allocating. It answers false for whatever it does not understand,
 * be it valid or not. Values are only located here, except for those that say how to read the rest.
 */
export class LineScanner {
  /** Where the value of each member seen stands: [starts[field], ends[field]). */
  readonly starts = new Int32Array(scan.FIELDS);
  readonly ends = new Int32Array(scan.FIELDS);
  isReturn = false;
  /** Binary mode: header values, then the data; positions are into this. */
  readonly scratch = new Uint8Array(4096);
  #seen = 0;
  readonly #shape = new EventShape(this.starts, this.ends);

  has(field: number): boolean {
    return (this.#seen & (1 << field)) !== 0;
  }

  /** A structured event: written like the one before, or member by member. */
  structured(b: Uint8Array): boolean {
    const shape = this.#shape;
    if (shape.matches(b)) {
      this.#seen = shape.seen;
      this.isReturn = shape.isReturn;
      return true;
    }
    shape.begin();
    if (!this.#generic(b) || !this.#understood(b)) return false;
    shape.learn(b, this.#seen, this.isReturn);
    return true;
  }

  /** A binary one: attributes in headers, the data as value. */
  binary(value: Uint8Array, header: HeaderOf): boolean {
    this.#seen = 0;
    let at = 0;
    for (const [field, name] of HEADERS) {
      const content = header(name);
      if (content === undefined) continue;
      const end = at + content.length;
      if (end === at || end - at > scan.MAX_LENGTH[field]! || !this.#copyPlain(content, at)) return false;
      this.starts[field] = at;
      this.ends[field] = at = end;
      this.#seen |= 1 << field;
    }
    const n = at + value.length;
    if (n > this.scratch.length) return false;
    const b = this.scratch;
    b.set(value, at);
    at = scan.skipSpace(b, at, n);
    if (at >= n || b[at] !== scan.OPEN) return false;
    this.#seen |= 1 << scan.DATA;
    this.#shape.begin();
    const end = this.#members(b, at + 1, n, true);
    return end > 0 && scan.skipSpace(b, end, n) === n && this.#understood(b);
  }

  #generic(b: Uint8Array): boolean {
    const n = b.length;
    const at = skipIfSpace(b, 0, n);
    this.#seen = 0;
    if (at >= n || b[at] !== scan.OPEN) return false;
    const end = this.#members(b, at + 1, n, false);
    return end > 0 && scan.skipSpace(b, end, n) === n;
  }

  #copyPlain(content: string, at: number): boolean {
    for (let i = 0; i < content.length; i++) {
      const unit = content.charCodeAt(i);
      if (unit < 0x20 || unit > 0x7e) return false;
      this.scratch[at + i] = unit;
    }
    return true;
  }

  /** Notes where the members of an object stand; `at` is behind its brace. Returns the index behind it, or −1. */
  #members(b: Uint8Array, from: number, n: number, isData: boolean): number {
    let at = skipIfSpace(b, from, n);
    for (;;) {
      if (b[at] !== scan.QUOTE) return -1;
      const field = isData ? scan.lineField(b, at + 1) : scan.envelopeField(b, at + 1);
      const nameEnd = field === scan.UNKNOWN ? scan.plainEnd(b, at + 1, n) : at + 1 + scan.NAME_LENGTH[field]!;
      if (nameEnd < 0) return -1;
      at = skipIfSpace(b, nameEnd + 1, n);
      if (b[at] !== scan.COLON) return -1;
      at = skipIfSpace(b, at + 1, n);
      at = field === scan.DATA ? this.#data(b, at, n) : this.#string(b, at, n, field);
      if (at < 0) return -1;
      at = skipIfSpace(b, at, n);
      if (b[at] !== scan.COMMA) return at < n && b[at] === scan.CLOSE ? at + 1 : -1;
      at = skipIfSpace(b, at + 1, n);
    }
  }

  #data(b: Uint8Array, at: number, n: number): number {
    if (b[at] !== scan.OPEN || (this.#seen & (1 << scan.DATA)) !== 0) return -1;
    this.#seen |= 1 << scan.DATA;
    return this.#members(b, at + 1, n, true);
  }

  /** A member given twice goes the slow way: there the last one counts. */
  #string(b: Uint8Array, at: number, n: number, field: number): number {
    if (b[at] !== scan.QUOTE) return -1;
    const end = scan.plainEnd(b, at + 1, n);
    if (end < 0) return -1;
    if (field === scan.UNKNOWN) {
      this.#shape.note(field, at + 1, end);
      return end + 1;
    }
    const length = end - at - 1;
    const bit = 1 << field;
    if (length === 0 || length > scan.MAX_LENGTH[field]! || (this.#seen & bit) !== 0) return -1;
    this.#seen |= bit;
    this.starts[field] = at + 1;
    this.ends[field] = end;
    this.#shape.note(field, at + 1, end);
    return end + 1;
  }

  /** All required members are there; type, version, content type and schema are what this contract writes. */
  #understood(b: Uint8Array): boolean {
    const { starts, ends } = this;
    if ((this.#seen & scan.REQUIRED) !== scan.REQUIRED) return false;
    const is = (field: number, expected: Uint8Array): boolean => scan.equals(b, starts[field]!, ends[field]!, expected);
    this.isReturn = is(scan.TYPE, scan.RETURN_TYPE);
    if (!this.isReturn && !is(scan.TYPE, scan.SALE_TYPE)) return false;
    if (!is(scan.SPECVERSION, scan.VERSION)) return false;
    if (this.has(scan.CONTENT_TYPE) && !is(scan.CONTENT_TYPE, scan.JSON_TYPE)) return false;
    return !this.has(scan.DATASCHEMA) || is(scan.DATASCHEMA, this.isReturn ? scan.RETURN_SCHEMA : scan.SALE_SCHEMA);
  }
}

const skipIfSpace = (b: Uint8Array, at: number, n: number): number => (b[at]! <= 0x20 ? scan.skipSpace(b, at, n) : at);
