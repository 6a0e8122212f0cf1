import type { KeyTable } from '@plumbline/kernel';
import type { FeedCount } from '@plumbline/ports';

/** Sources counted by name in a partition, in the order they were first heard; those after them count as one. */
export const NAMED_SOURCES = 2000;
export const OTHER_SOURCES = 'other';
/** Names of sources from which only rejects came so far, kept likewise. */
const NAMED_REJECTS = 200;
const PLACES = 65_537;

/**
 * What came of each source for each location since the last commit: the hot path adds to typed arrays, names are looked
 * up when the counts are taken. Bounded by the sources named and the plan's locations.
 */
export class FeedCounts {
  readonly #sources: KeyTable;
  /** By source: the location it sent for last and its slot, as most sources send for one. */
  readonly #place = new Int32Array(NAMED_SOURCES + 1).fill(-2);
  readonly #slot = new Int32Array(NAMED_SOURCES + 1);
  readonly #slots = new Map<number, number>();
  #size = 0;
  #keys: Float64Array = new Float64Array(256);
  #accepted: Int32Array = new Int32Array(256);
  #late: Int32Array = new Int32Array(256);
  #duplicates: Int32Array = new Int32Array(256);
  #outside: Int32Array = new Int32Array(256);
  #rejected: Int32Array = new Int32Array(256);
  #lastAt: Float64Array = new Float64Array(256).fill(-Infinity);
  /** Counts of slots whose locations another plan numbers anew, and of rejects known by name alone. */
  #named = new Map<string, FeedCount>();
  /** Sources named for their rejects. */
  readonly rejecting: string[];

  constructor(sources: KeyTable, rejecting: readonly string[] = []) {
    this.#sources = sources;
    this.rejecting = [...rejecting];
  }

  /** `location` −1: one that the plan does not name, or none. */
  accept(source: number, location: number, time: number, late: boolean): void {
    const slot = this.#slotOf(source, location);
    this.#accepted[slot]!++;
    if (late) this.#late[slot]!++;
    if (time > this.#lastAt[slot]!) this.#lastAt[slot] = time;
  }

  duplicate(source: number, location: number, behind: boolean): void {
    const slot = this.#slotOf(source, location);
    this.#duplicates[slot]!++;
    if (behind) this.#outside[slot]!++;
  }

  /** Understood and then refused. */
  refuse(source: number, location: number, outsideWindow: boolean): void {
    const slot = this.#slotOf(source, location);
    this.#rejected[slot]!++;
    if (outsideWindow) this.#outside[slot]!++;
  }

  /** Not understood: its source is known by name, if at all. */
  reject(source: string | undefined): void {
    this.#countOf('', this.#nameOf(source)).rejected++;
  }

  /** Locations are about to be numbered anew. */
  renumber(locations: readonly { code: string }[] | undefined): void {
    for (let slot = 0; slot < this.#size; slot++) {
      const key = this.#keys[slot]!;
      const source = Math.floor(key / PLACES);
      const location = (key % PLACES) - 1;
      const count = this.#countOf(location < 0 ? '' : locations![location]!.code, source < NAMED_SOURCES ? this.#sources.key(source) : OTHER_SOURCES);
      count.accepted += this.#accepted[slot]!;
      count.late += this.#late[slot]!;
      count.duplicates += this.#duplicates[slot]!;
      count.outsideWindow += this.#outside[slot]!;
      count.rejected += this.#rejected[slot]!;
      const at = this.#lastAt[slot]!;
      if (at > -Infinity) count.lastAt = Math.max(count.lastAt ?? -Infinity, at);
    }
    this.#clear();
  }

  take(locations: readonly { code: string }[] | undefined): FeedCount[] {
    this.renumber(locations);
    const counts = [...this.#named.values()];
    this.#named = new Map();
    return counts;
  }

  discard(): void {
    this.#clear();
    this.#named = new Map();
  }

  #slotOf(index: number, location: number): number {
    const source = index < NAMED_SOURCES ? index : NAMED_SOURCES;
    if (this.#place[source] === location) return this.#slot[source]!;
    const key = source * PLACES + location + 1;
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = this.#size++;
      if (slot >= this.#keys.length) this.#grow();
      this.#keys[slot] = key;
      this.#slots.set(key, slot);
    }
    this.#place[source] = location;
    this.#slot[source] = slot;
    return slot;
  }

  #nameOf(source: string | undefined): string {
    if (source === undefined) return OTHER_SOURCES;
    const index = this.#sources.get(source);
    if (index >= 0) return index < NAMED_SOURCES ? source : OTHER_SOURCES;
    if (this.rejecting.includes(source)) return source;
    return this.rejecting.length < NAMED_REJECTS && this.rejecting.push(source) > 0 ? source : OTHER_SOURCES;
  }

  #countOf(location: string, source: string): FeedCount {
    const key = `${location}\0${source}`;
    let count = this.#named.get(key);
    if (!count) {
      count = { location, source, accepted: 0, late: 0, duplicates: 0, outsideWindow: 0, rejected: 0, lastAt: undefined };
      this.#named.set(key, count);
    }
    return count;
  }

  #clear(): void {
    for (const column of [this.#accepted, this.#late, this.#duplicates, this.#outside, this.#rejected]) column.fill(0, 0, this.#size);
    this.#lastAt.fill(-Infinity, 0, this.#size);
    this.#place.fill(-2);
    this.#slots.clear();
    this.#size = 0;
  }

  #grow(): void {
    const capacity = 2 * this.#keys.length;
    const wider = (column: Int32Array): Int32Array => {
      const next = new Int32Array(capacity);
      next.set(column);
      return next;
    };
    const floats = (column: Float64Array, empty: number): Float64Array => {
      const next = new Float64Array(capacity).fill(empty);
      next.set(column);
      return next;
    };
    this.#keys = floats(this.#keys, 0);
    this.#lastAt = floats(this.#lastAt, -Infinity);
    this.#accepted = wider(this.#accepted);
    this.#late = wider(this.#late);
    this.#duplicates = wider(this.#duplicates);
    this.#outside = wider(this.#outside);
    this.#rejected = wider(this.#rejected);
  }
}
