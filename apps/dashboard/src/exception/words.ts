import type { Altitude, Exception, ExceptionKind, ExceptionStatus, ExceptionTransition, Scope } from '@plumbline/contracts';

/** How exceptions are spoken of on screen. */
export type Side = 'above' | 'below' | 'trust' | 'even';

export const kindWords: Record<ExceptionKind, string> = {
  'demand-surge': 'demand surge',
  'demand-drop': 'demand drop',
  'zero-run': 'no sales',
  'feed-silence': 'silent feed',
};

export const altitudeWords: Record<Altitude, string> = {
  leaf: 'SKU × location',
  sku: 'SKU',
  'sku-region': 'SKU × region',
  location: 'location',
  'family-region': 'family × region',
  family: 'family',
  region: 'region',
  total: 'whole business',
};

export const statusWords: Record<ExceptionStatus, string> = {
  open: 'open',
  acknowledged: 'acknowledged',
  'in-progress': 'in progress',
  resolved: 'resolved',
  cleared: 'cleared by recovery',
  dismissed: 'dismissed',
};

export const sideOf = ({ kind }: Pick<Exception, 'kind'>): Side =>
  kind === 'feed-silence' ? 'trust' : kind === 'demand-surge' ? 'above' : 'below';

/** A direction is never told by colour alone. */
export const signOf: Record<Side, string> = { above: '▲', below: '▼', trust: '■', even: '●' };

export const isLive = (status: ExceptionStatus): boolean => status === 'open' || status === 'acknowledged' || status === 'in-progress';

/** "Croissant · Lyon", "Bakery · North", "whole business". */
export function scopeWords({ sku, family, location, region }: Scope): string {
  const words = [sku ?? family, location ?? region].filter(Boolean).join(' · ');
  return words === '' ? 'whole business' : words;
}

/** The part of a headline that carries its colour: how far from plan, or what fell silent. */
const TELLING = /[\d,.]+\u202f?% (?:under|over) (?:plan|its recent rate)|(?:is|was) silent for [^:]+|no sale for [^,]+|on (?:plan|its recent rate)/u;

export function headlineParts(headline: string): { before: string; told: string; after: string } {
  const match = TELLING.exec(headline);
  if (!match) return { before: headline, told: '', after: '' };
  return { before: headline.slice(0, match.index), told: match[0], after: headline.slice(match.index + match[0].length) };
}

export type Act = 'acknowledge' | 'assign' | 'start' | 'snooze' | 'resolve' | 'dismiss' | 'comment' | 'reopen';

export interface Offer {
  act: Act;
  label: string;
  key: string;
}

export const offers: Record<Act, Offer> = {
  acknowledge: { act: 'acknowledge', label: 'Acknowledge', key: 'a' },
  assign: { act: 'assign', label: 'Assign', key: 'o' },
  start: { act: 'start', label: 'Start', key: 'w' },
  snooze: { act: 'snooze', label: 'Snooze', key: 's' },
  resolve: { act: 'resolve', label: 'Resolve', key: 'r' },
  dismiss: { act: 'dismiss', label: 'Dismiss', key: 'd' },
  comment: { act: 'comment', label: 'Comment', key: 'c' },
  reopen: { act: 'reopen', label: 'Reopen', key: 'e' },
};

const LIVE: readonly Act[] = ['assign', 'snooze', 'resolve', 'dismiss', 'comment'];
const CLOSED: readonly Act[] = ['reopen', 'comment'];

/** What may be done from a status, the likeliest first; the same rules as the lifecycle table of libs/exceptions. */
export function offersFor(status: ExceptionStatus): Offer[] {
  const acts: readonly Act[] =
    status === 'open'
      ? ['acknowledge', 'start', ...LIVE]
      : status === 'acknowledged'
        ? ['start', ...LIVE]
        : status === 'in-progress'
          ? ['resolve', 'assign', 'snooze', 'dismiss', 'comment']
          : CLOSED;
  return acts.map((act) => offers[act]);
}

const stepPhrases: Record<string, string> = {
  raised: 'Raised',
  acknowledged: 'Acknowledged',
  assigned: 'Assigned',
  started: 'Work begun',
  snoozed: 'Snoozed',
  woken: 'Back from snooze',
  resolved: 'Resolved',
  dismissed: 'Dismissed',
  cleared: 'Cleared by recovery',
  reopened: 'Reopened',
  joined: 'Joined a wider exception as evidence',
  commented: 'Comment',
  undone: 'Taken back',
};

/** "Acknowledged", "Assigned to Ana": what a step of the history was. */
export const stepWords = ({ action }: Pick<ExceptionTransition, 'action'>): string => stepPhrases[action] ?? action;
