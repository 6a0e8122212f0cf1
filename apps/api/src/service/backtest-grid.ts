import { DAY_MS, HOUR_MS, MINUTE_MS, zoneOf, type BusinessDay, type Instant, type Zone } from '@plumbline/kernel';
import { add, nothing, type Amounts, type ZoneDay } from './backtest-scope.ts';

/** Lines sold in a zone's local hour of a business day. */
export interface SoldHour extends Amounts {
  zone: string;
  day: BusinessDay;
  hour: number;
}

export interface GridOptions {
  zones: readonly string[];
  /** [fromDay, toDay). */
  fromDay: BusinessDay;
  toDay: BusinessDay;
  /** How far each part of the counts reaches; the parts are taken to be of equal size. */
  counted: readonly Instant[];
  planned: (day: BusinessDay) => readonly ZoneDay[];
  sold: readonly SoldHour[];
}

/** One hour of the answer: its plan as far as it is counted (all of it where nothing is), and what was sold. */
export interface Bucket {
  at: Instant;
  counted: boolean;
  expected: Amounts;
  /** Its plan for the whole hour. */
  planned: Amounts;
  actual: Amounts;
}

/** What a business day had been expected to sell, and sold, by the end of one of its buckets. */
export interface DayBucket {
  bucket: number;
  lines: number;
  expected: number;
}

/**
 * Local hours of several zones laid onto instants, hour by hour from the first zone's midnight. An hour that a clock
 * change repeats is one hour of plan and of counts, and stands where it comes first; one that it skips stands where the
 * clock lands, as in the streams. A business day ends with its last zone's last hour.
 */
export class HourGrid {
  readonly buckets: readonly Bucket[];
  readonly #zones: readonly Zone[];
  readonly #fromDay: BusinessDay;
  readonly #toDay: BusinessDay;
  readonly #counted: readonly Instant[];
  /** By day: what each bucket adds to it. */
  readonly #days: Map<number, { lines: number; expected: number }>[];
  readonly #lastBucket: number[];

  constructor({ zones, fromDay, toDay, counted, planned, sold }: GridOptions) {
    this.#zones = zones.map(zoneOf);
    this.#fromDay = fromDay;
    this.#toDay = toDay;
    this.#counted = counted;
    const from = this.startOf(fromDay);
    const count = Math.ceil((this.endOf(toDay - 1) - from) / HOUR_MS);
    this.buckets = Array.from({ length: count }, (_, i) => {
      const at = from + i * HOUR_MS;
      return { at, counted: counted.some((reach) => reach > at), expected: nothing(), planned: nothing(), actual: nothing() };
    });
    this.#days = Array.from({ length: toDay - fromDay }, () => new Map());
    const starts = new Map<string, Instant[]>();
    const startOf = (zone: string, day: BusinessDay, hour: number): Instant => {
      const key = `${zone} ${day}`;
      let known = starts.get(key);
      if (!known) starts.set(key, (known = hourStarts(zoneOf(zone), day)));
      return known[hour]!;
    };
    const bucketOf = (at: Instant): number => Math.min(count - 1, Math.floor((at - from) / HOUR_MS));
    this.#lastBucket = this.#days.map((_, i) => Math.max(...zones.map((zone) => bucketOf(startOf(zone, fromDay + i, 23)))));
    for (let day = fromDay; day < toDay; day++) {
      for (const part of planned(day)) {
        part.hours.forEach((share, hour) => {
          if (share > 0) this.#expect(day, startOf(part.zone, day, hour), bucketOf, part, share);
        });
      }
    }
    for (const one of sold) {
      const bucket = bucketOf(startOf(one.zone, one.day, one.hour));
      add(this.buckets[bucket]!.actual, one);
      this.#of(one.day, bucket).lines += one.lines;
    }
  }

  /** First midnight of a business day among the zones. */
  startOf(day: BusinessDay): Instant {
    return Math.min(...this.#zones.map((zone) => zone.startOf(day)));
  }

  /** End of a business day in the last zone. */
  endOf(day: BusinessDay): Instant {
    return Math.max(...this.#zones.map((zone) => zone.startOf(day + 1)));
  }

  /** The buckets in which a day was the open one: after its predecessor's last, up to its own last; sums so far. */
  dayBuckets(day: BusinessDay): DayBucket[] {
    const i = day - this.#fromDay;
    const first = i === 0 ? 0 : this.#lastBucket[i - 1]! + 1;
    const parts = this.#days[i]!;
    const sum = { lines: 0, expected: 0 };
    for (const [bucket, part] of parts) if (bucket < first) more(sum, part);
    const open: DayBucket[] = [];
    for (let bucket = first; bucket <= this.#lastBucket[i]!; bucket++) {
      if (!this.buckets[bucket]!.counted) break;
      more(sum, parts.get(bucket));
      open.push({ bucket, ...sum });
    }
    return open;
  }

  /** Whether everything of a business day has been counted. */
  closed(day: BusinessDay): boolean {
    const end = this.endOf(day);
    return day < this.#toDay && this.#counted.every((reach) => reach >= end);
  }

  #expect(day: BusinessDay, start: Instant, bucketOf: (at: Instant) => number, part: ZoneDay, share: number): void {
    const bucket = bucketOf(start);
    const reached = countedShare(this.#counted, start);
    add(this.buckets[bucket]!.planned, part, share);
    add(this.buckets[bucket]!.expected, part, share * (this.buckets[bucket]!.counted ? reached : 1));
    if (reached > 0) this.#of(day, bucket).expected += part.lines * share * reached;
  }

  #of(day: BusinessDay, bucket: number): { lines: number; expected: number } {
    const parts = this.#days[day - this.#fromDay]!;
    let part = parts.get(bucket);
    if (!part) parts.set(bucket, (part = { lines: 0, expected: 0 }));
    return part;
  }
}

function more(sum: { lines: number; expected: number }, part: { lines: number; expected: number } | undefined): void {
  sum.lines += part?.lines ?? 0;
  sum.expected += part?.expected ?? 0;
}

/** Share of the hour from `start` on that has been counted. */
export function countedShare(counted: readonly Instant[], start: Instant): number {
  let sum = 0;
  for (const reach of counted) sum += Math.min(1, Math.max(0, (reach - start) / HOUR_MS));
  return sum / counted.length;
}

/** The instants at which the local hours 0…23 of a business day begin, nondecreasing. */
export function hourStarts(zone: Zone, day: BusinessDay): Instant[] {
  const starts: Instant[] = [];
  const end = Math.min(zone.startOf(day + 1), zone.startOf(day) + DAY_MS + 2 * HOUR_MS);
  for (let at = zone.startOf(day); at < end; at += 15 * MINUTE_MS) {
    while (starts.length < 24 && zone.minuteOf(at) >= starts.length * 60) starts.push(at);
  }
  while (starts.length < 24) starts.push(end - 15 * MINUTE_MS);
  return starts;
}
