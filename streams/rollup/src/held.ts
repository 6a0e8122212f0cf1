import type { Altitude, Evidence, Exception, ExceptionKind, ExceptionTransition, Scope } from '@plumbline/contracts';
import {
  isLive,
  nodeKey,
  recommendedActions,
  rounded,
  scopeOf,
  type Direction,
  type Fired,
  type LifecycleState,
  type Node,
  type Places,
  type Step,
} from '@plumbline/exceptions';
import { DAY_MS, formatInstant, type BusinessDay, type Instant } from '@plumbline/kernel';
import type { NodeSums } from './node-sums.ts';
import { add, type Seen } from './seen.ts';
import type { Sight } from './sight.ts';

/** What an exception shows of numbers; kept between refreshes. */
export type Shown = Pick<
  Exception,
  | 'headline'
  | 'measure'
  | 'expected'
  | 'actual'
  | 'variance'
  | 'variancePercent'
  | 'ratio'
  | 'ratioLow'
  | 'ratioHigh'
  | 'probability'
  | 'valueAtRisk'
  | 'priority'
  | 'attribution'
>;

/** An exception as the roll-up holds it; plain values, so that it is its own snapshot. */
export interface Held {
  number: number;
  kind: ExceptionKind;
  altitude: Altitude;
  scope: Scope;
  direction: Direction;
  life: LifecycleState;
  plan: { id: string; name: string; hash: string };
  sinceDay: BusinessDay;
  since: Instant;
  raisedAt: Instant;
  updatedAt: Instant;
  /** Instant of the last resolving, clearing or dismissing. */
  closedAt: Instant | null;
  /** Estimated ratio to the rate before the change, when the evidence was largest. */
  theta: number;
  /** Rate before the change over the plan's, held while the exception is open. */
  base: number;
  /** R of the clearing test and the last business day in it. */
  recovery: number;
  judged: BusinessDay;
  /** What the last command that can be undone found of these; `recovery` where the command changed it. */
  before: { closedAt: Instant | null; recovery: number | null } | null;
  statistic: number;
  peak: number;
  threshold: number;
  /** Totals of days that are no longer kept. */
  settled: Seen;
  evidence: Evidence[];
  /** Keys of all children that fired. */
  children: string[];
  shown: Shown | null;
  /** Lines when last shown, and when. */
  shownLines: number;
  shownAt: Instant;
  refreshedAt: Instant;
  change: number;
}

/** Firing again within this time reopens the same exception; a dismissed one stays dismissed as long. */
export const REOPEN_MS = 7 * DAY_MS;
/** Closed exceptions stay at hand for comments and reopening by people. */
export const FORGET_MS = 35 * DAY_MS;
const EVIDENCE_SHOWN = 20;
const CHILDREN_KEPT = 2000;

/** Totals since the change began, those of forgotten days included. */
export function totals(held: Held, node: Node, sight: Sight, sums: NodeSums): Seen {
  const sum = { ...held.settled };
  add(sum, sums.since(sight, node, held.sinceDay));
  return sum;
}

/** A child's firing becomes evidence; the strongest are kept, all are counted. Returns false when nothing is new. */
export function addEvidence(held: Held, fired: Fired, places: Places, at: Instant): boolean {
  const key = nodeKey(places.plan, fired.node);
  const evidence: Evidence = {
    scope: scopeOf(places.plan, fired.node),
    altitude: fired.node.altitude,
    kind: fired.kind,
    expected: rounded(fired.expected, 2),
    actual: fired.lines,
    statistic: rounded(fired.statistic, 4),
    firedAt: formatInstant(at),
  };
  const fresh = !held.children.includes(key);
  if (fresh && held.children.length < CHILDREN_KEPT) held.children.push(key);
  const same = held.evidence.findIndex((one) => keyOf(one) === keyOf(evidence));
  if (same >= 0 && held.evidence[same]!.statistic >= evidence.statistic) return fresh;
  if (same >= 0) held.evidence.splice(same, 1);
  held.evidence.push(evidence);
  held.evidence.sort((a, b) => b.statistic - a.statistic || (keyOf(a) < keyOf(b) ? -1 : 1));
  held.evidence.length = Math.min(held.evidence.length, EVIDENCE_SHOWN);
  return true;
}

const keyOf = ({ altitude, scope }: Evidence): string =>
  [altitude, scope.sku ?? '', scope.family ?? '', scope.region ?? '', scope.location ?? ''].join('|');

export const idOf = (number: number): string => `X-${number}`;

export const numberOf = (id: string): number => (/^X-[1-9]\d{0,14}$/.test(id) ? Number(id.slice(2)) : NaN);

/** Whether an exception still explains what fires inside it: it is live, or dismissed as known. */
export const explains = (held: Held, at: Instant): boolean =>
  isLive(held.life.status) || (held.life.status === 'dismissed' && at - held.closedAt! < REOPEN_MS);

export function exceptionOf(held: Held, currency: string): Exception {
  const { life } = held;
  return {
    id: idOf(held.number),
    kind: held.kind,
    altitude: held.altitude,
    scope: held.scope,
    status: life.status,
    owner: life.owner,
    snoozedUntil: life.snoozedUntil === null ? null : formatInstant(life.snoozedUntil),
    reason: life.reason,
    planVersion: held.plan,
    since: formatInstant(held.since),
    raisedAt: formatInstant(held.raisedAt),
    updatedAt: formatInstant(held.updatedAt),
    ...held.shown!,
    statistic: rounded(held.statistic, 4),
    peakStatistic: rounded(held.peak, 4),
    threshold: rounded(held.threshold, 4),
    currency,
    evidence: [...held.evidence],
    evidenceCount: held.children.length,
    recommendedActions: recommendedActions(held.kind, held.altitude, held.scope),
    reopened: life.reopened,
    change: held.change,
  };
}

export const transitionOf = (held: Held, step: Step, at: Instant): Omit<ExceptionTransition, 'change'> => ({
  exceptionId: idOf(held.number),
  sequence: step.sequence,
  at: formatInstant(at),
  from: step.from,
  to: step.to,
  action: step.action,
  by: step.by,
  note: step.note,
  ...(step.eventId === undefined ? {} : { eventId: step.eventId }),
});
