import type { FeedFact, FeedState } from '@plumbline/contracts';
import { probabilityOf, rounded, SILENCE_THRESHOLD } from '@plumbline/exceptions';
import { formatInstant, MINUTE_MS, type Instant } from '@plumbline/kernel';
import type { Book } from './book.ts';
import { LINES } from './cell-days.ts';
import type { Era } from './era.ts';
import { idOf } from './held.ts';

/** How each feed stands at a tick, by location in plan order, as JSON of contracts' `feedFactSchema`. */
export function feedFactsOf(era: Era, book: Book, at: Instant): string {
  const { plan, feeds, nodes } = era;
  const paused = new Set(feeds.silences.filter(({ to }) => to === Infinity).map(({ location }) => location));
  const raised = new Map(book.live().flatMap((held) => (held.kind === 'feed-silence' ? [[held.scope.location, idOf(held.number)]] : [])));
  const facts = plan.locations.map(({ code, name, region, zone: timezone }, location): FeedFact => {
    const lastHeard = feeds.lastHeard[location]!;
    const statistic = feeds.statistic(location, at);
    const threshold = feeds.threshold(location);
    const closed = nodes.locationLinesBetween(location, at, at + MINUTE_MS) === 0;
    const state = stateOf(feeds.silenceOf(location) !== undefined, paused.has(location), closed);
    return {
      location: code,
      name,
      region,
      timezone,
      expectedSince: rounded(feeds.unsaid(location, at), 2),
      statistic: rounded(statistic, 4),
      threshold: rounded(threshold, 4),
      silenceProbability: rounded(silenceProbability(statistic, threshold), 6),
      state,
      silentSince: state === 'silent' || state === 'doubtful' ? formatInstant(lastHeard) : null,
      today: todayOf(era, location, at),
      exceptionId: raised.get(code) ?? null,
    };
  });
  return JSON.stringify(facts);
}

/** A silent feed stays silent overnight; whether one that is closed would have been silent, nobody can tell. */
function stateOf(silent: boolean, paused: boolean, closed: boolean): FeedState {
  if (silent) return 'silent';
  if (closed) return 'closed';
  return paused ? 'doubtful' : 'sending';
}

/**
 * Posterior probability that a feed is silent. Under Gamma-Poisson trade the chance of no line from a feed that is alive
 * is (1 + Λ/k)^−k, so the statistic k·ln(1 + Λ/k) is the logarithm of the Bayes factor, turned with the prior hazard as
 * for every exception. A feed whose usual pauses raise its threshold is given the difference: at its threshold every
 * feed has the same probability.
 */
const silenceProbability = (statistic: number, threshold: number): number => probabilityOf(statistic - (threshold - SILENCE_THRESHOLD));

function todayOf({ plan, days, nodes }: Era, location: number, at: Instant): FeedFact['today'] {
  const zone = plan.zones[plan.zoneOfLocation[location]!]!;
  const day = zone.dayOf(at);
  let lines = 0;
  if (days.knows(location, day)) {
    for (let family = 0; family < plan.families.length; family++) lines += days.value(LINES, family * plan.locations.length + location, day);
  }
  return { lines, expected: rounded(nodes.locationLinesBetween(location, zone.startOf(day), at), 2) };
}
