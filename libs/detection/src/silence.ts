import { PlumblineError } from '@plumbline/kernel';

/** Alarm level of D4, about p = 1e-6. */
export const SILENCE_THRESHOLD = 13.8;

/** D4: −ln P(no line | Λ expected) of a negative binomial of size k, k·ln(1 + Λ/k). */
export function silenceStatistic(k: number, expected: number): number {
  return k === Infinity ? expected : k * Math.log1p(expected / k);
}

export interface SilenceChange {
  location: number;
  silent: boolean;
  /** When the feed was last heard before it fell silent, and when it came back (for silent = false). */
  since: number;
  until: number;
  statistic: number;
}

const MAGIC = 0x504c4643;
const KEEP_MS = 10 * 86_400_000;

/**
 * Which feeds are silent, from ticks alone: every tick says which locations were heard from since the one before, so
 * every partition comes to the same answer.
 *
 * A silence counts from the tick at which the feed was last heard, not from the alarm: all of [last heard, heard again)
 * is frozen. Frozen time is no exposure (`observed`), and a line that happened in it must not be counted by the
 * detectors either (`frozenAt`), so a backlog sent after an outage raises no surge. Both follow from the same
 * intervals, which is the simplest rule that is exact. When an interval opens or closes, the caller tells its banks by
 * SeriesBank.exposureChanged for the location's series.
 */
export class FeedClock {
  readonly size: number;
  readonly #heard: Float64Array;
  readonly #silent: Uint8Array;
  /** Frozen time by location, ascending; the last may be open (to = Infinity). */
  readonly #frozen = new Map<number, { from: number; to: number }[]>();

  /** @param since instant (ms) from which silence is counted for feeds never heard */
  constructor(size: number, since: number) {
    this.size = size;
    this.#heard = new Float64Array(size).fill(since);
    this.#silent = new Uint8Array(size);
  }

  lastHeard(location: number): number {
    return this.#heard[location]!;
  }

  silent(location: number): boolean {
    return this.#silent[location] === 1;
  }

  /**
   * A tick at `now` (ms). Returns what changed, in order of location.
   * @param heard locations heard from since the tick before
   * @param expected lines expected of a location over [from, to), by the plan and the sensed rate
   * @param k size of the location's counts over such a time
   */
  tick(
    now: number,
    heard: Iterable<number>,
    expected: (location: number, from: number, to: number) => number,
    k: (location: number) => number,
  ): SilenceChange[] {
    const changes: SilenceChange[] = [];
    for (const location of heard) {
      const since = this.#heard[location]!;
      if (now > since) this.#heard[location] = now;
      if (!this.silent(location)) continue;
      this.#silent[location] = 0;
      const open = this.#frozen.get(location)!.at(-1)!;
      open.to = now;
      changes.push({ location, silent: false, since: open.from, until: now, statistic: 0 });
    }
    for (let location = 0; location < this.size; location++) {
      const since = this.#heard[location]!;
      if (this.silent(location) || now <= since) continue;
      const statistic = silenceStatistic(k(location), expected(location, since, now));
      if (statistic < SILENCE_THRESHOLD) continue;
      this.#silent[location] = 1;
      const intervals = (this.#frozen.get(location) ?? []).filter((interval) => interval.to > now - KEEP_MS);
      this.#frozen.set(location, [...intervals, { from: since, to: Infinity }]);
      changes.push({ location, silent: true, since, until: now, statistic });
    }
    return changes.sort((a, b) => a.location - b.location);
  }

  /** True when the instant lies in frozen time: a line that happened then is an actual, but no evidence. */
  frozenAt(location: number, instant: number): boolean {
    const intervals = this.#frozen.get(location);
    return intervals !== undefined && intervals.some(({ from, to }) => instant >= from && instant < to);
  }

  /**
   * Share of a day observed up to an instant: the day's elapsed share less what of it was frozen.
   * @param elapsed cumulative share of that day at an instant: 0 before it, 1 after it
   */
  observed(location: number, at: number, elapsed: (instant: number) => number): number {
    let share = elapsed(at);
    const intervals = this.#frozen.get(location);
    if (intervals === undefined || share <= 0) return share;
    for (const { from, to } of intervals) if (from < at) share -= elapsed(Math.min(to, at)) - elapsed(from);
    return Math.max(0, share);
  }

  /** Its state as bytes: equal states give equal bytes. */
  toBytes(): Uint8Array {
    const rows: number[] = [];
    for (const location of [...this.#frozen.keys()].sort((a, b) => a - b)) {
      for (const { from, to } of this.#frozen.get(location)!) rows.push(location, from, to);
    }
    return new Uint8Array(Float64Array.from([MAGIC, this.size, ...this.#heard, ...this.#silent, ...rows]).buffer);
  }

  /** @throws PlumblineError 'snapshot-mismatch' when the bytes are no feed clock of this many locations */
  static from(bytes: Uint8Array, size: number): FeedClock {
    const values = bytes.length % 8 === 0 ? new Float64Array(bytes.slice().buffer) : new Float64Array(0);
    if (
      values[0] !== MAGIC ||
      values[1] !== size ||
      values.length < 2 + 2 * size ||
      (values.length - 2 - 2 * size) % 3
    ) {
      throw new PlumblineError('snapshot-mismatch', `The bytes are no feed clock of ${size} locations.`, {
        where: 'feed clock',
        fix: 'Drop the snapshot and rebuild it from the log.',
      });
    }
    const clock = new FeedClock(size, 0);
    clock.#heard.set(values.subarray(2, 2 + size));
    clock.#silent.set(values.subarray(2 + size, 2 + 2 * size));
    for (let i = 2 + 2 * size; i < values.length; i += 3) {
      const [location, from, to] = values.subarray(i, i + 3) as unknown as [number, number, number];
      clock.#frozen.set(location, [...(clock.#frozen.get(location) ?? []), { from, to }]);
    }
    return clock;
  }
}
