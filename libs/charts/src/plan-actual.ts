import { area, curveMonotoneX, line } from 'd3-shape';
import { max } from 'd3-array';
import { scaleLinear, scaleTime } from 'd3-scale';
import { placeLabels } from './labels.ts';
import { cumulate, fan, valueAt, type Band, type Bucket, type Curves, type Point, type Projection } from './series.ts';
import { timeTicks, type TimeTick } from './time-ticks.ts';
import { clockOf, DAY, dayOf, dayStart } from './zones.ts';

/** A drawing of plan and actual, ready to be put on the page: paths in pixels and words beside them. */
export interface Asked {
  /** `running`: sums from the first bucket on; `each`: every bucket for itself. */
  mode: 'running' | 'each';
  buckets: readonly Bucket[];
  projection?: Projection | null | undefined;
  zone: string;
  now: number;
  firedAt?: number | undefined;
  /** What happened, as the end label of the actual line says it: "sold". */
  noun: string;
  width: number;
  height: number;
  format(value: number): string;
}

export interface EndLabel {
  role: 'plan' | 'actual' | 'projected';
  x: number;
  y: number;
  text: string;
  more?: string;
}

export interface Mark {
  at: number;
  x: number;
  label: string;
  anchor: 'start' | 'middle' | 'end';
}

export interface Drawing {
  left: number;
  right: number;
  top: number;
  bottom: number;
  x(at: number): number;
  y(value: number): number;
  xTicks: (TimeTick & { x: number })[];
  yTicks: { y: number; label: string }[];
  range: string;
  plan: string;
  actual: string;
  /** The unfinished bucket of an `each` chart. */
  unfinished: string;
  fan: string;
  middle: string;
  labels: EndLabel[];
  now: Mark | undefined;
  fired: (Mark & { y: number }) | undefined;
  marks: number;
}

/** Space under the axis line and above the plot. */
const FOOT = 24;
const HEAD = 22;
const LABEL_HEIGHT = 17;
/** Wider steps would read as a lag behind the plan: then counts are joined. */
const WIDEST_STEP = 8;
const NARROW = 480;

interface Shapes {
  plan: Point[];
  range: Band[];
  actual: Point[];
  unfinished: Point[];
  middle: Point[];
  band: Band[];
  stepped: boolean;
}

export function drawPlanActual(asked: Asked): Drawing {
  const { buckets, width, height, zone, format } = asked;
  const shapes = asked.mode === 'running' ? runningShapes(asked) : eachShapes(asked);
  const highest = max([...shapes.plan, ...shapes.actual, ...shapes.unfinished].map(({ value }) => value)) ?? 0;
  const widest = max([...shapes.range, ...shapes.band].map(({ high }) => high)) ?? 0;
  const y = scaleLinear([0, Math.max(highest, widest, 1)], [height - FOOT, HEAD]).nice(4);
  const ticks = y.ticks(4).filter((value) => value >= 1 || value === 0 || highest < 2);
  const left = Math.ceil(Math.max(...ticks.map((value) => format(value).length)) * 6.6) + 10;
  const words = endWords(asked, shapes);
  const right = width - gutter(asked, words);
  const from = buckets[0]?.at ?? asked.now;
  const to = buckets.at(-1)?.end ?? asked.now;
  const x = scaleTime([from, to], [left, right]);
  const at = (instant: number): number => x(instant);
  const drawing = {
    left,
    right,
    top: HEAD,
    bottom: height - FOOT,
    x: at,
    y: (value: number): number => y(value),
    xTicks: asked.mode === 'each' && isDaily(buckets) ? dayLabels(asked, at, right - left) : timeTicks(from, to, zone, fitting(right - left)).map((tick) => ({ ...tick, x: at(tick.at) })),
    yTicks: ticks.map((value) => ({ y: y(value), label: format(value) })),
    ...paths(shapes, at, y),
    now: asked.now > from && asked.now < to ? nowMark(asked, at(asked.now), left, right) : undefined,
    fired: firedMark(asked, shapes, at, y, from, to, left, right),
    marks: shapes.plan.length + shapes.actual.length + shapes.range.length + shapes.middle.length,
  };
  return { ...drawing, labels: endLabels(asked, shapes, words, drawing) };
}

const fitting = (width: number): number => Math.max(2, width / 68);
const isDaily = (buckets: readonly Bucket[]): boolean => buckets.length > 0 && buckets[0]!.end - buckets[0]!.at > DAY / 2;

/** A day's name stands under its middle. */
function dayLabels({ buckets, zone }: Asked, x: (at: number) => number, width: number): Drawing['xTicks'] {
  const every = Math.max(1, Math.ceil(buckets.length / fitting(width)));
  return buckets
    .map(({ at, end }) => ({ at, label: dayOf(at, zone), x: x((at + end) / 2) }))
    .filter((_, index) => (buckets.length - 1 - index) % every === 0);
}

interface EndWords {
  plan: string | undefined;
  projected: string | undefined;
  range: string | undefined;
  sold: string | undefined;
}

/** What stands at the lines' ends; on a narrow page in fewer letters. */
function endWords({ mode, projection, noun, format, width }: Asked, { plan, actual, unfinished, middle }: Shapes): EndWords {
  const planned = plan.at(-1);
  const sold = unfinished.at(-1) ?? actual.at(-1);
  const end = middle.length > 0 ? (projection ?? undefined) : undefined;
  const narrow = width < NARROW;
  return {
    plan: planned && (mode === 'each' ? 'plan' : `plan ${format(planned.value)}`),
    projected: end && `${narrow ? 'proj.' : 'projected'} ${format(end.p50)}`,
    range: end && `${narrow ? '' : '80\u202f%: '}${format(end.p10)}–${format(end.p90)}`,
    sold: sold && (mode === 'each' ? noun : `${format(sold.value)} ${noun}`),
  };
}

/** Room on the right for them. */
function gutter({ mode, width }: Asked, { plan, projected, range, sold }: EndWords): number {
  const letters = Math.max(...[plan, projected, sold].map((text) => text?.length ?? 0)) * 7;
  const least = mode === 'each' ? 56 : width < NARROW ? 80 : 112;
  return Math.max(least, Math.ceil(Math.max(letters, (range?.length ?? 0) * 6)) + 12);
}

function runningShapes({ buckets, now, projection, width }: Asked): Shapes {
  const curves: Curves = cumulate(buckets, now);
  const { middle, band } = projection ? fan(curves, now, projection) : { middle: [], band: [] };
  const stepped = buckets.length > 0 && width / buckets.length <= WIDEST_STEP;
  return { ...curves, middle, band, unfinished: [], stepped };
}

/** Corners of a profile that keeps each bucket's value from its begin to its end. */
function eachShapes({ buckets, now }: Asked): Shapes {
  const corners = (value: (bucket: Bucket) => number, some: readonly Bucket[]): Point[] =>
    some.flatMap((bucket) => [
      { at: bucket.at, value: value(bucket) },
      { at: bucket.end, value: value(bucket) },
    ]);
  const counted = buckets.filter(({ actual }) => actual !== null);
  const done = counted.filter(({ end }) => end <= now);
  const open = counted.filter(({ at, end }) => at < now && end > now);
  return {
    plan: corners(({ expected }) => expected, buckets),
    range: buckets.flatMap(({ at, end, low, high }) => [
      { at, low, high },
      { at: end, low, high },
    ]),
    actual: corners(({ actual }) => actual ?? 0, done),
    unfinished: corners(({ actual }) => actual ?? 0, open),
    middle: [],
    band: [],
    stepped: false,
  };
}

function paths(shapes: Shapes, x: (at: number) => number, y: (value: number) => number) {
  const joined = line<Point>((point) => x(point.at), (point) => y(point.value));
  const tint = area<Band>(
    (band) => x(band.at),
    (band) => y(band.low),
    (band) => y(band.high),
  );
  return {
    range: tint(shapes.range) ?? '',
    plan: joined(shapes.plan) ?? '',
    actual: shapes.stepped ? stepPath(shapes.actual, x, y) : (joined(shapes.actual) ?? ''),
    unfinished: joined(shapes.unfinished) ?? '',
    fan: tint.curve(curveMonotoneX)(shapes.band) ?? '',
    middle: line<Point>((point) => x(point.at), (point) => y(point.value)).curve(curveMonotoneX)(shapes.middle) ?? '',
  };
}

/** What is counted holds until the next count: along, then up. */
export function stepPath(points: readonly Point[], x: (at: number) => number, y: (value: number) => number): string {
  return points
    .map(({ at, value }, index) => {
      const [right, up] = [round(x(at)), round(y(value))];
      return index === 0 ? `M${right},${up}` : `H${right}V${up}`;
    })
    .join('');
}

const round = (value: number): number => Math.round(value * 10) / 10;

function nowMark({ now, zone }: Asked, x: number, left: number, right: number): Mark {
  const anchor = x < left + 40 ? 'start' : x > right - 40 ? 'end' : 'middle';
  return { at: now, x, label: `now ${clockOf(now, zone)}`, anchor };
}

function firedMark(
  { firedAt, mode, zone, now }: Asked,
  shapes: Shapes,
  x: (at: number) => number,
  y: (value: number) => number,
  from: number,
  to: number,
  left: number,
  right: number,
): Drawing['fired'] {
  if (firedAt === undefined || firedAt < from || firedAt > to) return undefined;
  const counted = [...shapes.actual, ...shapes.unfinished];
  const value = mode === 'each' ? (stepAt(counted, firedAt) ?? 0) : valueAt(counted, Math.min(firedAt, now));
  const sameDay = dayStart(firedAt, zone) === dayStart(now, zone);
  const at = x(firedAt);
  const label = `fired ${sameDay ? '' : `${dayOf(firedAt, zone)} `}${clockOf(firedAt, zone)}`;
  const room = label.length * 6 + 12;
  // Its words stand at the top, where running sums leave room, and not across the line of now.
  const crossed = now >= firedAt && x(now) - at < room;
  return { at: firedAt, x: at, y: y(value), label, anchor: (crossed || right - at < room) && at - left > room ? 'end' : 'start' };
}

const stepAt = (points: readonly Point[], at: number): number | undefined => points.findLast((point) => point.at <= at)?.value;

type Placed = Pick<Drawing, 'top' | 'bottom' | 'right' | 'x' | 'y'>;

/** Labels at the ends of the lines, in one column, none over another; what is sold stands at the line's own end. */
function endLabels({ mode, now, buckets }: Asked, shapes: Shapes, words: EndWords, placed: Placed): EndLabel[] {
  const planEnd = shapes.plan.at(-1);
  const sold = shapes.unfinished.at(-1) ?? shapes.actual.at(-1);
  if (!planEnd || words.plan === undefined) return [];
  const column: (Omit<EndLabel, 'x'> & { height: number })[] = [];
  column.push({ role: 'plan', y: placed.y(planEnd.value), text: words.plan, height: LABEL_HEIGHT });
  const end = shapes.middle.at(-1);
  if (end && words.projected !== undefined && words.range !== undefined) {
    column.push({ role: 'projected', y: placed.y(end.value), text: words.projected, more: words.range, height: 2 * LABEL_HEIGHT - 2 });
  }
  const inside = mode === 'running' && sold && now < (buckets.at(-1)?.end ?? now) && placed.right - placed.x(sold.at) > 90;
  if (sold && words.sold !== undefined && !inside) column.push({ role: 'actual', y: placed.y(sold.value), text: words.sold, height: LABEL_HEIGHT });
  const middles = placeLabels(column, placed.top - 8, placed.bottom + 4);
  const labels = column.map(({ height: _, ...label }, index) => ({ ...label, x: placed.right + 8, y: middles[index]! }));
  if (sold && words.sold !== undefined && inside) {
    labels.push({ role: 'actual', text: words.sold, x: placed.x(sold.at) + 8, y: insideY(sold, shapes, placed) });
  }
  return labels;
}

/**
 * Right of the last count, where neither curve runs: both rise, so that is under the lower of them, or between them where
 * there is room.
 */
function insideY(sold: Point, shapes: Shapes, { y, bottom }: Placed): number {
  const own = y(sold.value);
  const plan = y(valueAt(shapes.plan, sold.at));
  const lower = plan - own > 64 ? own : Math.max(own, plan);
  if (lower + 18 <= bottom - 8) return lower + 18;
  return plan < own && own - plan < 36 ? plan - 26 : own - 12;
}
