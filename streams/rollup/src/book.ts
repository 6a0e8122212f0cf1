import type { Exception, ExceptionCommand, ExceptionTransition } from '@plumbline/contracts';
import {
  applyAction,
  applyCommand,
  contains,
  isLive,
  locationNode,
  raised,
  sameNode,
  scopeOf,
  type Cause,
  type Fired,
  type Node,
  type Refusal,
  type Step,
} from '@plumbline/exceptions';
import type { Instant } from '@plumbline/kernel';
import type { Era } from './era.ts';
import {
  addEvidence,
  exceptionOf,
  explains,
  FORGET_MS,
  idOf,
  numberOf,
  REOPEN_MS,
  transitionOf,
  type Held,
} from './held.ts';
import { nothingSeen } from './seen.ts';
import { opening } from './present.ts';

/** The exceptions: numbered as they are raised, moved through their lifecycle, given out when something visible changed. */
export class Book {
  readonly held = new Map<number, Held>();
  next = 1;
  change = 0;
  #changed = new Set<Held>();
  /** Exceptions that may differ from what the last snapshot has of them; live ones always may. */
  readonly unsaved = new Set<Held>();
  /** Exceptions whose numbers must be worked out anew before they are given out. */
  readonly stale = new Set<Held>();
  /** Rises when an exception is raised, moves in its life or is forgotten. */
  moves = 0;
  #live: { moves: number; held: Held[] } | undefined;
  #transitions: { held: Held; transition: Omit<ExceptionTransition, 'change'> }[] = [];

  /** Exceptions that explain what fires inside them, in order of their numbers. */
  explaining(at: Instant): Held[] {
    return [...this.held.values()].filter((held) => held.kind !== 'feed-silence' && explains(held, at));
  }

  /** In order of their numbers. */
  live(): readonly Held[] {
    if (this.#live?.moves !== this.moves) {
      this.#live = { moves: this.moves, held: [...this.held.values()].filter((held) => isLive(held.life.status)) };
    }
    return this.#live.held;
  }

  command(command: ExceptionCommand): Refusal | undefined {
    const held = this.held.get(numberOf(command.exceptionId));
    if (!held) return { code: 'not-from-here', message: `There is no exception ${command.exceptionId}, or it was closed long ago` };
    const outcome = applyCommand(held.life, command);
    if ('refused' in outcome) return outcome.refused;
    const { closedAt, recovery, before } = held;
    this.#moved(held, outcome, command.at);
    const reopens = command.type === 'exception.reopened';
    if (command.type === 'exception.undone' && before) {
      held.closedAt = before.closedAt;
      held.recovery = before.recovery ?? held.recovery;
    }
    if (reopens) held.recovery = 0;
    if (command.type !== 'exception.commented') held.before = held.life.last ? { closedAt, recovery: reopens ? recovery : null } : null;
    return undefined;
  }

  act(held: Held, action: 'woken' | 'cleared' | 'joined' | 'reopened', at: Instant, note: string | null = null): void {
    const outcome = applyAction(held.life, action, note);
    if (!('refused' in outcome)) this.#moved(held, outcome, at);
  }

  wake(at: Instant): void {
    for (const held of this.live()) {
      if (held.life.snoozedUntil !== null && held.life.snoozedUntil <= at) this.act(held, 'woken', at);
    }
  }

  /** Raises a cause, or reopens the exception that closed there less than a week ago. */
  raise(era: Era, cause: Cause, at: Instant): Held {
    const again = [...this.held.values()].find((held) => this.#closedLately(held, era, cause, at));
    const held = again ?? this.#open(era, cause.node, kindOf(cause), cause.direction, at);
    const latest = era.days.latest;
    if (!again || held.sinceDay < latest - 7) {
      held.sinceDay = Math.min(latest, latest - cause.window + 1);
      held.since = opening(cause.node, era.places, held.sinceDay, at);
      held.settled = nothingSeen();
    }
    held.theta = cause.theta;
    held.base = baseOf(era, cause, at);
    held.recovery = 0;
    held.judged = latest;
    held.statistic = cause.statistic;
    held.threshold = cause.threshold;
    held.peak = Math.max(again ? held.peak : -Infinity, cause.statistic);
    if (again) this.act(held, 'reopened', at, 'fired again within 7 days');
    for (const fired of cause.fired) this.join(era, held, fired, at);
    this.stale.add(held);
    return held;
  }

  raiseSilence(era: Era, location: number, at: Instant, statistic: number, threshold: number): Held {
    const where = locationNode(era.plan, location);
    const again = [...this.held.values()].find(
      (held) => held.kind === 'feed-silence' && held.scope.location === era.plan.locations[location]!.code && recent(held, at),
    );
    const held = again ?? this.#open(era, where, 'feed-silence', -1, at);
    held.since = era.feeds.lastHeard[location]!;
    held.sinceDay = era.todayOf(location, held.since);
    held.statistic = statistic;
    held.threshold = threshold;
    held.peak = Math.max(again ? held.peak : -Infinity, statistic);
    if (again) this.act(held, 'reopened', at, 'silent again within 7 days');
    this.stale.add(held);
    return held;
  }

  join(era: Era, held: Held, fired: Fired, at: Instant): void {
    this.unsaved.add(held);
    const node = era.nodeOf(held);
    if (node && sameNode(node, fired.node)) {
      if (fired.statistic > held.peak) held.theta = fired.expected > 0 ? Math.max(0.02, fired.lines / fired.expected) : held.theta;
      held.peak = Math.max(held.peak, fired.statistic);
      held.statistic = fired.statistic;
      held.threshold = fired.threshold;
      this.stale.add(held);
    } else if (addEvidence(held, fired, era.places, at)) this.#changed.add(held);
  }

  /** Open exceptions that nobody has taken up become part of a wider one. */
  fold(era: Era, into: Held, children: readonly Held[], at: Instant): void {
    for (const child of children) {
      this.act(child, 'joined', at, idOf(into.number));
      const node = era.nodeOf(child);
      if (!node || child.kind === 'feed-silence') continue;
      const fired: Fired = {
        node,
        kind: child.kind,
        day: era.days.latest,
        since: child.sinceDay,
        statistic: child.peak,
        threshold: child.threshold,
        lines: child.shownLines,
        expected: child.theta > 0 ? child.shownLines / child.theta : 0,
      };
      this.join(era, into, fired, at);
    }
  }

  /** Narrower live exceptions of the same direction inside a new one that nobody owns or has acknowledged. */
  inside(era: Era, parent: Held): Held[] {
    const outer = era.nodeOf(parent)!;
    return this.live().filter((held) => {
      const node = era.nodeOf(held);
      if (held === parent || !node || held.kind === 'feed-silence' || held.direction !== parent.direction) return false;
      return held.life.status === 'open' && held.life.owner === null && contains(outer, node) && !sameNode(outer, node);
    });
  }

  touch(held: Held): void {
    this.#changed.add(held);
  }

  forget(at: Instant): void {
    for (const [number, held] of this.held) {
      if (held.closedAt !== null && at - held.closedAt > FORGET_MS) this.held.delete(number);
    }
    this.moves++;
  }

  /** What changed since the last call: exceptions in order of their numbers, each with a new change number. */
  take(at: Instant, currency: string): { exceptions: Exception[]; transitions: ExceptionTransition[] } {
    const exceptions: Exception[] = [];
    for (const held of [...this.#changed].sort((a, b) => a.number - b.number)) {
      held.change = ++this.change;
      held.updatedAt = at;
      this.unsaved.add(held);
      exceptions.push(exceptionOf(held, currency));
    }
    const transitions = this.#transitions
      .sort((a, b) => a.held.number - b.held.number)
      .map(({ held, transition }) => ({ ...transition, change: held.change }));
    this.#changed = new Set();
    this.#transitions = [];
    return { exceptions, transitions };
  }

  #moved(held: Held, outcome: { state: Held['life']; step: Step }, at: Instant): void {
    this.moves++;
    this.unsaved.add(held);
    const was = isLive(held.life.status);
    held.life = outcome.state;
    const is = isLive(held.life.status);
    if (was && !is) held.closedAt = at;
    if (is) held.closedAt = null;
    this.#transitions.push({ held, transition: transitionOf(held, outcome.step, at) });
    this.#changed.add(held);
  }

  #open(era: Era, node: Node, kind: Held['kind'], direction: Held['direction'], at: Instant): Held {
    const { state, step } = raised();
    const { id, name, hash } = era.plan.version;
    const held: Held = {
      number: this.next++,
      kind,
      altitude: node.altitude,
      scope: scopeOf(era.places.plan, node),
      direction,
      life: state,
      plan: { id, name, hash },
      sinceDay: era.days.latest,
      since: at,
      raisedAt: at,
      updatedAt: at,
      closedAt: null,
      theta: 1,
      base: 1,
      recovery: 0,
      before: null,
      judged: era.days.latest,
      statistic: 0,
      peak: 0,
      threshold: 0,
      settled: nothingSeen(),
      evidence: [],
      children: [],
      shown: null,
      shownLines: 0,
      shownAt: at,
      refreshedAt: at,
      change: 0,
    };
    this.held.set(held.number, held);
    this.moves++;
    this.#transitions.push({ held, transition: transitionOf(held, step, at) });
    this.#changed.add(held);
    return held;
  }

  #closedLately(held: Held, era: Era, cause: Cause, at: Instant): boolean {
    if (held.kind === 'feed-silence' || held.direction !== cause.direction || !recent(held, at)) return false;
    const node = era.nodeOf(held);
    return node !== undefined && sameNode(node, cause.node);
  }
}

const recent = (held: Held, at: Instant): boolean =>
  held.closedAt !== null && held.life.status !== 'dismissed' && at - held.closedAt < REOPEN_MS;

function kindOf(cause: Cause): Held['kind'] {
  if (cause.direction > 0) return 'demand-surge';
  const own = cause.fired.find((fired) => sameNode(fired.node, cause.node));
  const single = cause.node.altitude === 'leaf' || cause.node.altitude === 'sku';
  return single && (own?.kind === 'zero-run' || own?.lines === 0) ? 'zero-run' : 'demand-drop';
}

/** The rate that was sensed before the change, over the plan's. */
function baseOf(era: Era, cause: Cause, at: Instant): number {
  const sight = era.sight(at);
  let expected = 0;
  let planned = 0;
  for (let age = 0; age < cause.window; age++) {
    const seen = sight.day(cause.node, sight.latest - age);
    expected += seen?.expected ?? 0;
    planned += seen?.planned ?? 0;
  }
  return planned > 0 ? expected / planned : 1;
}
