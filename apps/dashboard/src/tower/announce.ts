import type { Exception } from '@plumbline/contracts';
import { isClosed } from '#live/merge.ts';

/** One sentence on what is new: the headline of the most urgent, and how many besides. */
export function announcement(fresh: readonly Exception[]): string {
  const open = fresh.filter((exception) => !isClosed(exception)).sort((one, other) => other.priority - one.priority);
  const [first] = open;
  if (!first) return '';
  if (open.length === 1) return `New exception: ${first.headline}`;
  return `${open.length} new exceptions. Most urgent: ${first.headline}`;
}
