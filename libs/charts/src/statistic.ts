import { max, min } from 'd3-array';
import { scaleLinear, scaleTime } from 'd3-scale';
import { line } from 'd3-shape';
import { placeLabels } from './labels.ts';
import { timeTicks, type TimeTick } from './time-ticks.ts';

/** Evidence against chance, natural logarithm, at an instant; null where nothing was expected. */
export interface Evidence {
  at: number;
  statistic: number | null;
}

export interface EvidenceDrawing {
  path: string;
  limitY: number;
  right: number;
  bottom: number;
  xTicks: (TimeTick & { x: number })[];
  end: { x: number; y: number; labelY: number; text: string } | undefined;
  limitLabelY: number;
  limitText: string;
  firedX: number | undefined;
  x(at: number): number;
  y(statistic: number): number;
}

const grouped = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
/** Beyond this odds are told by their power of ten. */
const LARGEST = Math.log(1e9);

/** "1 : 410,000" from a natural logarithm: two leading digits, as nobody believes more. */
export function oddsOf(statistic: number): string {
  if (statistic <= 0) return '1 : 1';
  if (statistic > LARGEST) return `1 : 10${superscript(Math.floor(statistic / Math.LN10))}`;
  const value = Math.exp(statistic);
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return `1 : ${grouped.format(Math.max(1, Math.round(value / unit) * unit))}`;
}

const superscript = (exponent: number): string => [...String(exponent)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');

/** The statistic's way over time against the limit it has to pass, on a log scale. */
export function drawEvidence(
  points: readonly Evidence[],
  { threshold, firedAt, zone, width, height }: { threshold: number; firedAt?: number | undefined; zone: string; width: number; height: number },
): EvidenceDrawing {
  const known = points.filter((point): point is { at: number; statistic: number } => point.statistic !== null);
  const [gutter, foot, head] = [104, 20, 8];
  const right = Math.max(40, width - gutter);
  const bottom = height - foot;
  const from = known[0]?.at ?? points[0]?.at ?? 0;
  const to = Math.max(points.at(-1)?.at ?? 1, from + 1);
  const x = scaleTime([from, to], [2, right]);
  const least = Math.min(0, min(known, ({ statistic }) => statistic) ?? 0);
  const most = Math.max(threshold * 1.15, max(known, ({ statistic }) => statistic) ?? 0, 1);
  const y = scaleLinear([least, most], [bottom, head]);
  const last = known.at(-1);
  const wanted = [{ y: y(threshold), height: 16 }, ...(last ? [{ y: y(last.statistic), height: 16 }] : [])];
  const placed = placeLabels(wanted, 0, bottom + 6);
  // Nothing is expected at night: the statistic stands still, and its line goes on.
  const path = line<(typeof known)[number]>((point) => x(point.at), (point) => y(point.statistic));
  return {
    path: path(known) ?? '',
    limitY: y(threshold),
    right,
    bottom,
    xTicks: timeTicks(from, to, zone, Math.max(2, right / 70)).map((tick) => ({ ...tick, x: x(tick.at) })),
    end: last ? { x: x(last.at), y: y(last.statistic), labelY: placed[1]!, text: oddsOf(last.statistic) } : undefined,
    limitLabelY: placed[0]!,
    limitText: `limit ${oddsOf(threshold)}`,
    firedX: firedAt !== undefined && firedAt >= from && firedAt <= to ? x(firedAt) : undefined,
    x: (at) => x(at),
    y: (statistic) => y(statistic),
  };
}
