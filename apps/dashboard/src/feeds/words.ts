import type { Feed, FeedState, PlanLike, Unplanned } from '@plumbline/contracts';
import { percent, quantity } from '#format/numbers.ts';
import { duration } from '#format/times.ts';

export const stateWords: Record<FeedState, string> = {
  silent: 'silent',
  doubtful: 'unusually quiet',
  sending: 'sending',
  closed: 'closed',
};

/** "silent 25 min", "sending", "closed": what a tile says first. @param now event time */
export function stateLine({ state, silentSince }: Pick<Feed, 'state' | 'silentSince'>, now: number): string {
  if ((state === 'silent' || state === 'doubtful') && silentSince !== null) return `${stateWords[state]} ${duration(now - Date.parse(silentSince))}`;
  return stateWords[state];
}

/** "0.3 s", "25 min": how long ago the last sale was. @param now event time */
export const agoOf = (lastEventAt: string | null, now: number): string => (lastEventAt === null ? 'never' : duration(now - Date.parse(lastEventAt)));

/** Shares of late and duplicate lines; a share that rounds to nothing but is not nothing says so. */
export function shareOf(share: number): string {
  if (share === 0) return percent(0);
  if (share < 0.0005) return `<${percent(0.1, 1)}`;
  return percent(100 * share, share < 0.1 ? 1 : 0);
}

/** A rate: 12.4/s; slow ones by the minute or hour. */
export function rateOf(perSecond: number): string {
  if (perSecond === 0) return '0/s';
  if (perSecond >= 1) return `${perSecond >= 100 ? quantity(Math.round(perSecond)) : perSecond.toFixed(1)}/s`;
  if (perSecond * 60 >= 1) return `${(perSecond * 60).toFixed(1)}/min`;
  return `${(perSecond * 3600).toFixed(1)}/h`;
}

export const order: readonly FeedState[] = ['silent', 'doubtful', 'sending', 'closed'];

/** By state, then region, then name: what needs somebody stands first, the rest where one looks for it. */
export function arranged(feeds: readonly Feed[]): Feed[] {
  return feeds.toSorted(
    (one, other) =>
      order.indexOf(one.state) - order.indexOf(other.state) || one.region.localeCompare(other.region) || one.name.localeCompare(other.name),
  );
}

export const unknownWords: Record<Unplanned['unknown'], string> = {
  sku: 'SKU not in the plan',
  location: 'location not in the plan',
  both: 'neither SKU nor location in the plan',
  'not-listed': 'SKU not planned at this location',
};

/**
 * What has to be planned like something known, so that the sale is planned: a likeness for each part that the plan lacks.
 * @returns undefined while a choice is missing
 */
export function likenessOf({ sku, location, unknown }: Pick<Unplanned, 'sku' | 'location' | 'unknown'>, chosen: { sku: string; location: string }): PlanLike[] | undefined {
  if (unknown === 'not-listed') return chosen.location === '' ? undefined : [{ sku, location, like: chosen.location }];
  const items: PlanLike[] = [];
  if (unknown === 'location' || unknown === 'both') items.push({ location, like: chosen.location });
  if (unknown === 'sku' || unknown === 'both') items.push({ sku, like: chosen.sku });
  return items.some(({ like }) => like === '') ? undefined : items;
}
