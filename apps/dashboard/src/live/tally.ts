import type { Exception } from '@plumbline/contracts';
import { isClosed } from '#live/merge.ts';

export interface Tally {
  open: number;
  mine: number;
  snoozed: number;
}

/** Counts over what is not closed; what is snoozed counts for itself alone. @param viewer the viewer's name */
export function tally(exceptions: ReadonlyMap<string, Exception>, viewer: string | null): Tally {
  const counts = { open: 0, mine: 0, snoozed: 0 };
  for (const exception of exceptions.values()) {
    if (isClosed(exception)) continue;
    if (exception.snoozedUntil !== null) counts.snoozed++;
    else {
      counts.open++;
      if (viewer !== null && exception.owner === viewer) counts.mine++;
    }
  }
  return counts;
}
