import type { ComparisonBucket } from '@plumbline/contracts';
import { DAY_MS, firstDayOfMonth, formatDay, HOUR_MS, MINUTE_MS, parseDay, parseInstant, PlumblineError, type BusinessDay, type Instant, type Zone } from '@plumbline/kernel';
import type { PlanIndex } from '@plumbline/plan';

/** A full local hour of a business day. */
export interface LocalHour {
  day: BusinessDay;
  hour: number;
}

/** The range as one zone has it: [begin, end) in its local hours, and how far its own clock is. */
export interface Span {
  begin: LocalHour;
  end: LocalHour;
  /** Local minute of `nowDay` reached; not before `begin` and not after `end`. */
  nowDay: BusinessDay;
  nowMinute: number;
}

/** A part of one business day within one bucket, in local minutes: what has passed of [from, to) ends at `now`. */
export interface Piece {
  bucket: number;
  day: BusinessDay;
  from: number;
  to: number;
  now: number;
}

/** What is compared: clipped to the plan and to what the tower has heard. */
export interface Range {
  /** Given as instants: hours tell what belongs to it. */
  byHour: boolean;
  /** Business days over all zones, `toDay` exclusive. */
  fromDay: BusinessDay;
  toDay: BusinessDay;
  bucket: ComparisonBucket;
  buckets: string[];
  /** By zone of the plan. */
  spans: Span[];
  pieces: Piece[][];
  /** Where a business day and hour belong; outside the range undefined. */
  bucketOf(zone: number, day: BusinessDay, hour: number | undefined): number | undefined;
}

export interface RangeRequest {
  from: string;
  to: string;
  /** Most buckets, where hours or days can keep to it; weeks may be more. */
  most: number;
  at: Instant;
  /** First hour the tower has a sale of; undefined: none yet. */
  heard: LocalHour | undefined;
}

const LONGEST_DAYS = 1830;
const LONGEST_BY_HOUR_MS = 7 * DAY_MS;

/** @throws PlumblineError 'range-invalid' when it is no range, too long, or has no day of the plan */
export function rangeOf(plan: PlanIndex, request: RangeRequest): Range {
  const byHour = request.from.includes('T');
  if (byHour !== request.to.includes('T')) throw invalid('One end of the range is a business day, the other an instant.', 'Give both as days or both as instants.');
  const asked = plan.zones.map((zone) => (byHour ? hoursBetween(zone, request) : daysBetween(request)));
  const clipped = asked.map((span, i) => clip(span, plan, plan.zones[i]!, request));
  if (clipped.every(({ begin, end }) => compare(begin, end) >= 0)) {
    throw invalid(`The plan ${plan.version.name} covers ${formatDay(firstDayOfMonth(plan.firstMonth))} to ${formatDay(firstDayOfMonth(plan.endMonth) - 1)}; the range has no day of it.`, 'Ask for days of the plan, or name another version.');
  }
  const fromDay = Math.min(...clipped.map(({ begin }) => begin.day));
  const toDay = Math.max(...clipped.map(({ end }) => (end.hour > 0 ? end.day + 1 : end.day)));
  const spans = clipped.map((span, i) => reached(span, plan.zones[i]!, request.at));
  const bucket = bucketFor(spans, fromDay, toDay, request.most);
  const first = Math.min(...spans.map(({ begin }) => numberOf(bucket, begin.day, begin.hour)));
  const last = Math.max(...spans.map(({ end }) => numberOf(bucket, end.day, end.hour - 1)));
  return {
    byHour,
    fromDay,
    toDay,
    bucket,
    buckets: Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => labelOf(bucket, first + i)),
    spans,
    pieces: spans.map((span) => piecesOf(span, bucket, first)),
    bucketOf: (zone, day, hour) => (inside(spans[zone]!, day, hour) ? numberOf(bucket, day, hour ?? 0) - first : undefined),
  };
}

const invalid = (message: string, fix: string): PlumblineError => new PlumblineError('range-invalid', message, { where: 'from, to', fix });

type Ends = Pick<Span, 'begin' | 'end'>;

function daysBetween({ from, to }: RangeRequest): Ends {
  const [fromDay, toDay] = [parseDay(from), parseDay(to)];
  if (!(fromDay < toDay)) throw invalid(`The range ${from} to ${to} holds no day.`, 'Give a later day as the end; it is the one after the last.');
  if (toDay - fromDay > LONGEST_DAYS) throw invalid(`The range is ${toDay - fromDay} days long; at most ${LONGEST_DAYS} are compared.`, 'Ask for less at a time.');
  return { begin: { day: fromDay, hour: 0 }, end: { day: toDay, hour: 0 } };
}

/** Rounded outwards to full local hours: finer than an hour the tower keeps no sums. */
function hoursBetween(zone: Zone, { from, to }: RangeRequest): Ends {
  const [begin, end] = [parseInstant(from), parseInstant(to)];
  if (!(begin < end)) throw invalid(`The range ${from} to ${to} holds no time.`, 'Give a later instant as the end.');
  if (end - begin > LONGEST_BY_HOUR_MS) throw invalid('By instants at most seven days are compared.', 'Give business days, such as 2026-11-01.');
  const last = { day: zone.dayOf(end - 1), hour: zone.hourOf(end - 1) };
  return { begin: { day: zone.dayOf(begin), hour: zone.hourOf(begin) }, end: last.hour === 23 ? { day: last.day + 1, hour: 0 } : { day: last.day, hour: last.hour + 1 } };
}

/** To the months of the plan, and to what has been heard unless the range has not begun. */
function clip({ begin, end }: Ends, plan: PlanIndex, zone: Zone, { heard, at }: RangeRequest): Ends {
  const planned = { day: firstDayOfMonth(plan.firstMonth), hour: 0 };
  const over = { day: firstDayOfMonth(plan.endMonth), hour: 0 };
  const begun = compare(begin, { day: zone.dayOf(at), hour: zone.hourOf(at) }) <= 0;
  const from = later(begin, planned);
  return { begin: begun && heard ? later(from, heard) : from, end: later(end, over) === end ? over : end };
}

function reached(span: Ends, zone: Zone, at: Instant): Span {
  const [day, minute] = [zone.dayOf(at), zone.minuteOf(at)];
  const time = day * 1440 + minute;
  const [from, to] = [minutesOf(span.begin), minutesOf(span.end)];
  const now = Math.min(Math.max(time, from), Math.max(from, to));
  const nowDay = Math.floor(now / 1440);
  return { ...span, nowDay, nowMinute: now - nowDay * 1440 };
}

const minutesOf = ({ day, hour }: LocalHour): number => day * 1440 + hour * 60;
const compare = (a: LocalHour, b: LocalHour): number => minutesOf(a) - minutesOf(b);
const later = (a: LocalHour, b: LocalHour): LocalHour => (compare(a, b) >= 0 ? a : b);

/** The finest that keeps to the number asked for. */
function bucketFor(spans: readonly Span[], fromDay: BusinessDay, toDay: BusinessDay, most: number): ComparisonBucket {
  const hours = Math.max(...spans.map(({ begin, end }) => (compare(end, begin) * MINUTE_MS) / HOUR_MS));
  if (hours <= most) return 'hour';
  return toDay - fromDay <= most ? 'day' : 'week';
}

/** Buckets of one size numbered without a gap; weeks begin on Monday. */
function numberOf(bucket: ComparisonBucket, day: BusinessDay, hour: number): number {
  if (bucket === 'hour') return day * 24 + hour;
  const at = hour < 0 ? day - 1 : day;
  return bucket === 'day' ? at : Math.floor((at + 3) / 7);
}

function labelOf(bucket: ComparisonBucket, number: number): string {
  if (bucket === 'day') return formatDay(number);
  if (bucket === 'week') return formatDay(number * 7 - 3);
  const day = Math.floor(number / 24);
  return `${formatDay(day)}T${String(number - day * 24).padStart(2, '0')}`;
}

/** Without an hour the whole day is meant, or the week that begins with it: what lies outside was not asked of the store. */
function inside({ begin, end }: Span, day: BusinessDay, hour: number | undefined): boolean {
  if (hour === undefined) return true;
  const at = { day, hour };
  return compare(at, begin) >= 0 && compare(at, end) < 0;
}

function piecesOf(span: Span, bucket: ComparisonBucket, first: number): Piece[] {
  const pieces: Piece[] = [];
  const [from, to, now] = [minutesOf(span.begin), minutesOf(span.end), span.nowDay * 1440 + span.nowMinute];
  const step = bucket === 'hour' ? 60 : 1440;
  for (let at = from; at < to; ) {
    const next = Math.min(to, Math.floor(at / step + 1) * step);
    const day = Math.floor(at / 1440);
    const begin = at - day * 1440;
    const end = next - day * 1440;
    const passed = Math.min(Math.max(now - day * 1440, begin), end);
    pieces.push({ bucket: numberOf(bucket, day, Math.floor(begin / 60)) - first, day, from: begin, to: end, now: passed });
    at = next;
  }
  return pieces;
}
