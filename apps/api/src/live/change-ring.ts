import type { Exception } from '@plumbline/contracts';

/**
 * The latest changes, ascending by number, each exception in its last state only. Bounded: what fell out is behind
 * `floor`, and whoever stands further back needs a snapshot.
 */
export class ChangeRing {
  readonly capacity: number;
  /** Deltas can be made after this number or a later one. */
  floor = 0;
  #changes: number[] = [];
  /** undefined: superseded by a later change. */
  #states: (Exception | undefined)[] = [];
  /** Place of an exception's last state, counted from the first entry there ever was. */
  readonly #places = new Map<string, number>();
  #dropped = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Empties it: from now on it holds everything after a number. */
  reset(floor: number): void {
    this.floor = floor;
    this.#changes = [];
    this.#states = [];
    this.#places.clear();
    this.#dropped = 0;
  }

  /** @param exception with a change number above all before it */
  push(exception: Exception): void {
    const before = this.#places.get(exception.id);
    if (before !== undefined) this.#states[before - this.#dropped] = undefined;
    this.#places.set(exception.id, this.#dropped + this.#changes.length);
    this.#changes.push(exception.change);
    this.#states.push(exception);
    // Twice the capacity, then half is dropped at once: moving the rest costs little for each change.
    if (this.#changes.length >= 2 * this.capacity) this.#drop(this.#changes.length - this.capacity);
  }

  /** Exceptions that changed after a number, ascending by change; undefined when some of that has been dropped. */
  after(change: number): Exception[] | undefined {
    if (change < this.floor) return undefined;
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#changes[middle]! <= change) low = middle + 1;
      else high = middle;
    }
    return this.#states.slice(low).filter((state) => state !== undefined);
  }

  #drop(count: number): void {
    this.floor = this.#changes[count - 1]!;
    for (const state of this.#states.slice(0, count)) if (state) this.#places.delete(state.id);
    this.#changes = this.#changes.slice(count);
    this.#states = this.#states.slice(count);
    this.#dropped += count;
  }
}
