/**
 * Which events were seen before, in bounded state that is part of the snapshot.
 *
 * A source that numbers its events (CloudEvents `sequence`) is recognised by its high-water mark, with a bitmap over
 * the last SEQUENCE_WINDOW numbers so that a slightly disordered delivery loses nothing. A number at or below the
 * window is a repeat by the source's own promise; it is counted as `outsideWindow` too, so that a source that breaks
 * the promise shows. Other events are recognised by 64 bits of hash of source + id, within a window of days and ids
 * (two generations, the older is dropped when the younger is full). An unnumbered event older than what the window
 * still knows can be neither accepted nor refused honestly: it is 'outside' and goes to the dead letter.
 */
export const SEQUENCE_WINDOW = 4096;
const WORDS = SEQUENCE_WINDOW / 32;

export interface DuplicateWindow {
  /** Event time an unnumbered event may lie behind the newest one, in days. */
  days: number;
  /** Unnumbered ids remembered per partition. */
  ids: number;
}

export const FRESH = 0;
export const DUPLICATE = 1;
/** A numbered event behind the bitmap: a repeat by high-water mark. */
export const BEHIND = 2;
/** An unnumbered event older than the window. */
export const OUTSIDE = 3;
export type Verdict = typeof FRESH | typeof DUPLICATE | typeof BEHIND | typeof OUTSIDE;

const DAY_MS = 86_400_000;

/** sequence modulo the window; `%` on integers beyond 2^31 would be a slow floating-point remainder. */
const slotOf = (sequence: number): number => sequence - Math.floor(sequence / SEQUENCE_WINDOW) * SEQUENCE_WINDOW;

export class Duplicates {
  readonly #window: DuplicateWindow;
  #high = new Float64Array(64).fill(-1);
  #bits = new Uint32Array(64 * WORDS);
  #young: IdGeneration;
  #old: IdGeneration;
  /** Newest event time of a generation that was dropped: ids up to it are forgotten. */
  #forgottenThrough = -Infinity;
  #newest = -Infinity;

  constructor(window: DuplicateWindow) {
    this.#window = window;
    this.#young = new IdGeneration(window.ids >> 1);
    this.#old = new IdGeneration(window.ids >> 1);
  }

  /** Judges a numbered event and remembers it. `source` is the caller's small index of the source. */
  numbered(source: number, sequence: number): Verdict {
    if (source >= this.#high.length) this.#growSources(source + 1);
    const high = this.#high[source]!;
    const base = source * WORDS;
    if (sequence > high) {
      this.#advance(source, high, sequence);
      this.#high[source] = sequence;
    } else {
      if (sequence <= high - SEQUENCE_WINDOW) return BEHIND;
      const at = slotOf(sequence);
      if ((this.#bits[base + (at >>> 5)]! & (1 << (at & 31))) !== 0) return DUPLICATE;
    }
    const at = slotOf(sequence);
    const word = base + (at >>> 5);
    this.#bits[word] = this.#bits[word]! | (1 << (at & 31));
    return FRESH;
  }

  /** Judges an unnumbered event by its hash and event time, and remembers it. */
  identified(low: number, high: number, time: number): Verdict {
    if (this.#young.has(low, high) || this.#old.has(low, high)) return DUPLICATE;
    if (time <= this.#forgottenThrough || time < this.#newest - this.#window.days * DAY_MS) return OUTSIDE;
    if (time > this.#newest) this.#newest = time;
    if (this.#young.full || this.#young.oldest < this.#newest - (this.#window.days * DAY_MS) / 2) this.#turn();
    this.#young.add(low, high, time);
    return FRESH;
  }

  /** Remembers an id without judging its age: a re-driven event was judged by a person. */
  redriven(low: number, high: number): Verdict {
    if (this.#young.has(low, high) || this.#old.has(low, high)) return DUPLICATE;
    if (this.#young.full) this.#turn();
    this.#young.add(low, high, this.#newest);
    return FRESH;
  }

  save(sources: number): Uint8Array {
    if (sources > this.#high.length) this.#growSources(sources);
    const parts = [
      new Float64Array([sources, this.#forgottenThrough, this.#newest]),
      this.#high.slice(0, sources),
      this.#bits.slice(0, sources * WORDS),
      ...this.#young.save(),
      ...this.#old.save(),
    ].map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  load(bytes: Uint8Array): void {
    const reader = new WordReader(bytes);
    const [sources, forgotten, newest] = reader.floats(3) as unknown as [number, number, number];
    if (sources > this.#high.length) this.#growSources(sources);
    this.#forgottenThrough = forgotten;
    this.#newest = newest;
    this.#high.set(reader.floats(sources));
    this.#bits.set(reader.words(sources * WORDS));
    this.#young.load(reader);
    this.#old.load(reader);
  }

  /** Forgets the numbers that leave the window: clears the slots of high + 1 … sequence, whole words at a time. */
  #advance(source: number, high: number, sequence: number): void {
    const base = source * WORDS;
    const bits = this.#bits;
    if (sequence - high >= SEQUENCE_WINDOW) {
      bits.fill(0, base, base + WORDS);
      return;
    }
    let at = slotOf(high + 1);
    for (let left = sequence - high; left > 0; ) {
      const word = base + (at >>> 5);
      const from = at & 31;
      const count = Math.min(left, 32 - from);
      const mask = count === 32 ? -1 : ((1 << count) - 1) << from;
      bits[word] = bits[word]! & ~mask;
      left -= count;
      at = (at + count) & (SEQUENCE_WINDOW - 1);
    }
  }

  #turn(): void {
    this.#forgottenThrough = Math.max(this.#forgottenThrough, this.#old.newest);
    const emptied = this.#old;
    emptied.clear();
    this.#old = this.#young;
    this.#young = emptied;
  }

  #growSources(needed: number): void {
    let capacity = this.#high.length;
    while (capacity < needed) capacity *= 2;
    const high = new Float64Array(capacity).fill(-1);
    high.set(this.#high);
    this.#high = high;
    const bits = new Uint32Array(capacity * WORDS);
    bits.set(this.#bits);
    this.#bits = bits;
  }
}

/** An open-addressing set of 64-bit hashes that grows up to its limit; 0,0 stands for an empty slot. */
class IdGeneration {
  readonly #limit: number;
  #slots = new Int32Array(2 * 256);
  #size = 0;
  oldest = Infinity;
  newest = -Infinity;

  constructor(limit: number) {
    this.#limit = Math.max(1, limit);
  }

  get full(): boolean {
    return this.#size >= this.#limit;
  }

  has(low: number, high: number): boolean {
    return this.#slots[2 * this.#find(low | 1, high)] !== 0;
  }

  add(low: number, high: number, time: number): void {
    if (this.#size * 4 >= this.#slots.length) this.#grow();
    const slot = this.#find(low | 1, high);
    this.#slots[2 * slot] = low | 1;
    this.#slots[2 * slot + 1] = high;
    this.#size++;
    if (time < this.oldest) this.oldest = time;
    if (time > this.newest) this.newest = time;
  }

  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
    this.oldest = Infinity;
    this.newest = -Infinity;
  }

  save(): (Float64Array | Int32Array)[] {
    const ids = new Int32Array(2 * this.#size);
    let at = 0;
    for (let i = 0; i < this.#slots.length; i += 2) {
      if (this.#slots[i] === 0) continue;
      ids[at++] = this.#slots[i]!;
      ids[at++] = this.#slots[i + 1]!;
    }
    return [new Float64Array([this.#size, this.oldest, this.newest]), ids];
  }

  load(reader: WordReader): void {
    this.clear();
    const [size, oldest, newest] = reader.floats(3) as unknown as [number, number, number];
    const ids = reader.words(2 * size);
    for (let i = 0; i < ids.length; i += 2) this.add(ids[i]! | 0, ids[i + 1]! | 0, oldest);
    this.oldest = oldest;
    this.newest = newest;
  }

  #find(low: number, high: number): number {
    const mask = (this.#slots.length >> 1) - 1;
    for (let slot = (low ^ (high >>> 7)) & mask; ; slot = (slot + 1) & mask) {
      const found = this.#slots[2 * slot];
      if (found === 0 || (found === low && this.#slots[2 * slot + 1] === high)) return slot;
    }
  }

  #grow(): void {
    const previous = this.#slots;
    this.#slots = new Int32Array(previous.length * 2);
    for (let i = 0; i < previous.length; i += 2) {
      if (previous[i] === 0) continue;
      const slot = this.#find(previous[i]!, previous[i + 1]!);
      this.#slots[2 * slot] = previous[i]!;
      this.#slots[2 * slot + 1] = previous[i + 1]!;
    }
  }
}

class WordReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  floats(n: number): Float64Array {
    return new Float64Array(this.#take(8 * n));
  }

  words(n: number): Uint32Array {
    return new Uint32Array(this.#take(4 * n));
  }

  #take(length: number): ArrayBuffer {
    const bytes = new Uint8Array(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return bytes.buffer;
  }
}
