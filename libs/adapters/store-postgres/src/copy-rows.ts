const HEADER = 19;

/**
 * Cuts binary COPY output into rows as chunks arrive; holds no more than a chunk and one row. `take` gets the buffer
 * and where each field begins; a field's four length bytes precede it, −1 for null.
 */
export class CopyRows {
  readonly #take: (buffer: Buffer, starts: Int32Array) => void;
  readonly #starts: Int32Array;
  #rest: Buffer = Buffer.alloc(0);
  #skip = HEADER;

  constructor(columns: number, take: (buffer: Buffer, starts: Int32Array) => void) {
    this.#take = take;
    this.#starts = new Int32Array(columns);
  }

  push(chunk: Buffer): void {
    const buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    if (this.#skip > 0) {
      at = Math.min(this.#skip, buffer.length);
      this.#skip -= at;
    }
    for (let end = this.#end(buffer, at); end > 0; end = this.#end(buffer, at)) {
      this.#take(buffer, this.#starts);
      at = end;
    }
    this.#rest = buffer.subarray(at);
  }

  /** End of the row that begins here, 0 when it is not all there (or is the trailer, which has no fields). */
  #end(buffer: Buffer, from: number): number {
    if (from + 2 > buffer.length || buffer.readInt16BE(from) < 0) return 0;
    let at = from + 2;
    for (let column = 0; column < this.#starts.length; column++) {
      if (at + 4 > buffer.length) return 0;
      this.#starts[column] = at + 4;
      at += 4 + Math.max(buffer.readInt32BE(at), 0);
    }
    return at <= buffer.length ? at : 0;
  }
}

/** Calls back with the elements of a one-dimensional integer array as array_send writes it. */
export function eachInteger(buffer: Buffer, start: number, bytesEach: 2 | 4 | 8, visit: (index: number, value: number) => void): void {
  if (buffer.readInt32BE(start) === 0) return;
  const count = buffer.readInt32BE(start + 12);
  for (let i = 0, at = start + 24; i < count; i++, at += 4 + bytesEach) {
    visit(i, bytesEach === 2 ? buffer.readInt16BE(at) : bytesEach === 4 ? buffer.readInt32BE(at) : buffer.readInt32BE(at) * 4_294_967_296 + buffer.readUInt32BE(at + 4));
  }
}

export const textAt = (buffer: Buffer, start: number): string => buffer.toString('utf8', start, start + buffer.readInt32BE(start - 4));
