import type { Exception } from '@plumbline/contracts';
import { scopeWords } from '#exception/words.ts';
import { quantity, signedPercent, percent } from '#format/numbers.ts';
import { dayAndClock, duration, since as sinceWords } from '#format/times.ts';

/** What a row of the queue says. */
const SUBJECT = /^(.+?)(?: sells | sold | is silent | was silent |: no sale )/u;
const MOMENT = /(?:since|expected since) ((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d+ [A-Z][a-z]+|\d\d:\d\d)/u;

/** "Bakery · North": the subject of the headline, which knows names; of a headline told otherwise, the codes of the scope. */
export function subjectOf({ headline, scope }: Pick<Exception, 'headline' | 'scope'>): string {
  const told = SUBJECT.exec(headline)?.[1];
  return told === undefined ? scopeWords(scope) : told.replace(/ in (?!.* in )/u, ' · ');
}

/** "09:40", "Mon 23 Nov": as the headline tells it, on the clock of the place. */
const momentOf = (exception: Exception, now: number): string =>
  MOMENT.exec(exception.headline)?.[1] ?? sinceWords(exception.since, now);

/** Why and since when, in a line. @param now event time */
export function secondLine(exception: Exception, now: number, zone: string): string {
  const { status, snoozedUntil, reason } = exception;
  if (status === 'cleared') return `recovered ${sinceWords(exception.updatedAt, now, zone)}`;
  if (status === 'resolved') return `resolved${reason ? `: ${reason}` : ''}`;
  if (status === 'dismissed') return `dismissed${reason ? `: ${reason}` : ''}`;
  if (snoozedUntil !== null) return `snoozed until ${dayAndClock(snoozedUntil, zone)} · ${deviation(exception)}`;
  return whyWords(exception, now);
}

function whyWords(exception: Exception, now: number): string {
  const lasted = duration(Math.max(0, now - Date.parse(exception.since)));
  if (exception.kind === 'feed-silence') {
    return `silent ${lasted}, ${quantity(Math.round(Number(exception.expected)))} sales expected${held(exception)}`;
  }
  if (exception.kind === 'zero-run' && Number(exception.actual) === 0) {
    return `no sale for ${lasted}, ${quantity(Math.round(Number(exception.expected) * 10) / 10)} expected`;
  }
  const noun = exception.measure === 'units' ? 'units' : 'sales';
  const amounts = `${quantity(exception.actual)} of ${quantity(exception.expected)} ${noun}`;
  return `since ${momentOf(exception, now)} · ${amounts}${moverWords(exception)}`;
}

const held = ({ evidenceCount }: Exception): string => (evidenceCount > 0 ? ` · ${evidenceCount} children held` : '');

function moverWords({ attribution }: Exception): string {
  const mover = attribution[0];
  if (!mover || mover.share < 0.5) return '';
  return ` · ${mover.label} explains ${percent(Math.min(100, mover.share * 100))}`;
}

/** The figure at a row's end: how far from plan, or what a percentage would not say. */
export function deviation(exception: Exception): string {
  if (exception.status === 'cleared') return 'on plan';
  if (exception.kind === 'feed-silence') return 'silent';
  return signedPercent(exception.variancePercent);
}

/** How sure it is, 1 to 3: how far the largest statistic passed its threshold, in nats. */
export function sureness({ peakStatistic, threshold }: Pick<Exception, 'peakStatistic' | 'threshold'>): 1 | 2 | 3 {
  const beyond = peakStatistic - threshold;
  return beyond < 1.5 ? 1 : beyond < 5 ? 2 : 3;
}
