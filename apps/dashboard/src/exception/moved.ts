import type { Attribution, Exception } from '@plumbline/contracts';
import { percent } from '#format/numbers.ts';

type Told = Pick<Exception, 'attribution' | 'altitude' | 'ratio' | 'expected' | 'actual'>;

/** A part that alone explains this much is the cause; parts that together explain it share it. */
const MOST = 0.5;
const NEARLY_ALL = 0.8;

/** One plain sentence on where a deviation sits: one part, a few, or all alike. */
export function movedSentence({ attribution, altitude, ratio }: Told): string {
  const rate = `It runs at ${ratio.toFixed(2)} of plan`;
  if (attribution.length === 0) {
    return altitude === 'leaf' ? `${rate}. This is one product in one place: there is nothing below it.` : `${rate}. No part of it stands out.`;
  }
  const sorted = [...attribution].sort((a, b) => b.share - a.share);
  const [first] = sorted as [Attribution];
  const against = sorted.filter(({ share }) => share < -0.05);
  const but = against.length > 0 ? ` ${list(against.map(({ label }) => label))} ${against.length === 1 ? 'runs' : 'run'} the other way.` : '';
  if (first.share >= MOST) {
    const rest = sorted.length > 1 && first.share < 0.95 ? ` The other ${sorted.length - 1} share the rest.` : '';
    return `${first.label} alone explains ${percent(Math.min(first.share, 1) * 100)} of it. ${rate}.${rest}${but}`;
  }
  let [sum, count] = [0, 0];
  while (count < sorted.length && sum < NEARLY_ALL) sum += sorted[count++]!.share;
  if (count < sorted.length / 2 || count <= 3) {
    return `${list(sorted.slice(0, count).map(({ label }) => label))} together explain ${percent(Math.min(sum, 1) * 100)} of it. ${rate}.${but}`;
  }
  return `It is spread: no part explains half of it, and it takes ${count} of ${sorted.length} to explain most. ${rate}.${but}`;
}

function list(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? '';
  if (names.length > 4) return `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
