import { DAY_MS, type Instant } from '@plumbline/kernel';
import { LONGEST_SILENCE_MS, type Cause } from './causes.ts';
import { drawDay, LONGEST_DELAY_MS, type Dirt } from './demand.ts';
import type { Retailer } from './retailer.ts';
import { Sends } from './sends.ts';

/** Business days before a UTC day whose lines may still be sent on it. */
const DAYS_BEHIND = Math.ceil((LONGEST_DELAY_MS + LONGEST_SILENCE_MS) / DAY_MS) + 1;
/** Sequence numbers a second: a location's number is its sending instant in quarter seconds, bumped where taken. */
const NUMBERS_A_SECOND = 4;
const INDEX_BITS = 24;

/** One UTC day's sends in order of sending. */
export interface SendingDay {
  sends: Sends;
  /** Position in `sends` of each record to be sent; a position comes twice when its event is sent again. */
  order: Int32Array;
  /** When each of `order` is sent, ascending. */
  at: Float64Array;
  /** Sequence number per position in `sends`. */
  sequence: Float64Array;
}

/**
 * Sorts what the business days bring forth by the UTC day on which it is sent. A sending day is a function of
 * (retailer, dirt, causes) alone: asked for in order or out of the blue, it is the same to the byte.
 *
 * Sequence numbers follow the sending instant, so they are reproducible, rise with every event of a location, and
 * stay comparable even when a restart has forgotten a cause that was injected by hand.
 */
export class Outbox {
  readonly #retailer: Retailer;
  readonly #dirt: Dirt;
  readonly #causes: readonly Cause[];
  readonly #days = new Map<number, Sends>();
  #drawnThrough = NaN;

  constructor(retailer: Retailer, dirt: Dirt, causes: readonly Cause[]) {
    this.#retailer = retailer;
    this.#dirt = dirt;
    this.#causes = causes;
  }

  /** The sends of a UTC day (days since 1970-01-01). Asked for in order, each business day is drawn once. */
  day(utcDay: number): SendingDay {
    const inOrder = utcDay === this.#drawnThrough;
    if (!inOrder) this.#days.clear();
    for (let day = inOrder ? utcDay + 1 : utcDay - DAYS_BEHIND; day <= utcDay + 1; day++) this.#draw(day);
    this.#drawnThrough = utcDay + 1;
    const sends = this.#days.get(utcDay) ?? new Sends();
    for (const day of this.#days.keys()) if (day <= utcDay) this.#days.delete(day);
    return arrange(sends, utcDay * DAY_MS, this.#retailer.locations.length);
  }

  #draw(day: number): void {
    const drawn = new Sends();
    drawDay(this.#retailer, day, this.#dirt, this.#causes, drawn);
    for (let i = 0; i < drawn.length; i++) {
      const sentAt = drawn.sentAt[i]!;
      const utcDay = Math.floor(sentAt / DAY_MS);
      let sends = this.#days.get(utcDay);
      if (!sends) this.#days.set(utcDay, (sends = new Sends()));
      sends.push(
        sentAt,
        drawn.time[i]!,
        drawn.leaf[i]!,
        drawn.quantity[i]!,
        drawn.price[i]!,
        drawn.kind[i]!,
        drawn.repeatAfter[i]!,
      );
    }
  }
}

/** Orders a day by sending instant, numbers each location's events, and puts the repeats after their originals. */
function arrange(sends: Sends, midnight: Instant, locations: number): SendingDay {
  // One double holds (milliseconds of the day, position, repeat?): 27 + 23 + 1 bits, so a native sort orders all.
  const keys = new Float64Array(sends.length * 2);
  let count = 0;
  for (let i = 0; i < sends.length; i++) {
    const ms = sends.sentAt[i]! - midnight;
    keys[count++] = ms * 2 ** INDEX_BITS + i * 2;
    const again = ms + sends.repeatAfter[i]!;
    if (sends.repeatAfter[i]! > 0 && again < DAY_MS) keys[count++] = again * 2 ** INDEX_BITS + i * 2 + 1;
  }
  const sorted = keys.subarray(0, count).sort();
  const order = new Int32Array(count);
  const at = new Float64Array(count);
  const sequence = new Float64Array(sends.length);
  const last = new Float64Array(locations);
  for (let n = 0; n < count; n++) {
    const ms = Math.floor(sorted[n]! / 2 ** INDEX_BITS);
    const low = sorted[n]! - ms * 2 ** INDEX_BITS;
    const i = Math.floor(low / 2);
    order[n] = i;
    at[n] = midnight + ms;
    if (low % 2 === 1) continue;
    const location = sends.leaf[i]! % locations;
    sequence[i] = last[location] = Math.max(
      last[location]! + 1,
      Math.floor(((midnight + ms) * NUMBERS_A_SECOND) / 1000),
    );
  }
  return { sends, order, at, sequence };
}
