import type { Exception, ExceptionTransition, TickDelta } from '@plumbline/contracts';
import { contains, isLive, type Node, type Refusal } from '@plumbline/exceptions';
import { cleared, clearingStep, type Firing } from '@plumbline/detection';
import { compareText, DAY_MS, HOUR_MS, MINUTE_MS, PlumblineError, type Instant } from '@plumbline/kernel';
import type { PlanIndex } from '@plumbline/plan';
import type { FiguresSample } from '@plumbline/ports';
import { Book } from './book.ts';
import { Era } from './era.ts';
import { feedFactsOf } from './feed-facts.ts';
import { figuresOf, sampleOf } from './figures.ts';
import { knownRatio, nodeFired, seriesFired } from './firings.ts';
import { numberOf, totals, type Held } from './held.ts';
import { againstPlanOf, show, showSilence } from './present.ts';
import { search } from './search.ts';
import { add, type Seen } from './seen.ts';
import type { Sight } from './sight.ts';

export interface RollUpOptions {
  /** False alarms a day, over all series of the tower. */
  budget: number;
}

export interface RollUpResult {
  /** Exceptions whose visible content changed, in order of their numbers, each with its change number. */
  exceptions: Exception[];
  transitions: ExceptionTransition[];
  /** Commands that the lifecycle refused; nothing changed. */
  refused: { commandId: string; exceptionId: string; refusal: Refusal }[];
  /** What the tiles show, at the first tick of each quarter of an hour. */
  sample: FiguresSample | undefined;
}

/**
 * How often an exception's numbers are looked at, and shown though they hardly moved: in its first hours, its
 * first days, and later. What is told to people at a glance (status, evidence) does not wait.
 */
const LOOK_MS = { fresh: 15 * MINUTE_MS, early: HOUR_MS, late: 6 * HOUR_MS };
const SHOW_MS = { fresh: HOUR_MS, early: 6 * HOUR_MS, late: DAY_MS };
const FRESH_MS = 4 * HOUR_MS;
const EARLY_MS = 3 * DAY_MS;
const MOVED = 0.1;
const SWUNG = 0.05;
const SAMPLE_MS = 15 * MINUTE_MS;

/**
 * The roll-up: one cause, one exception. A pure state machine over the tick deltas of all detect partitions: no clock,
 * no I/O, and the same result however the same lines are divided over partitions.
 */
export class RollUp {
  readonly options: RollUpOptions;
  readonly book = new Book();
  era: Era | undefined;
  effectiveAt: Instant = -Infinity;
  /** Plans committed through the log that have not taken effect. */
  coming: { id: string; hash: string; effectiveAt: Instant }[] = [];
  tick: Instant = -Infinity;
  readonly #plans = new Map<string, PlanIndex>();
  /** What `#markOpen` last told: the lives of exceptions change rarely. */
  #marked: { era: Era; moves: number } | undefined;

  constructor(options: Partial<RollUpOptions> = {}) {
    this.options = { budget: 5, ...options };
  }

  /** Gives a compiled plan before the tick that brings or needs it. */
  provide(plan: PlanIndex): void {
    this.#plans.set(plan.version.hash, plan);
  }

  has(hash: string): boolean {
    return this.#plans.has(hash);
  }

  /** @throws PlumblineError 'plan-unknown' when nobody provided it */
  planOf(hash: string): PlanIndex {
    const plan = this.#plans.get(hash);
    if (plan) return plan;
    throw new PlumblineError('plan-unknown', `The plan with hash ${hash} was committed, but is not in the store.`, {
      where: 'roll-up',
      fix: 'Import that plan version again, then start the roll-up.',
    });
  }

  /**
   * Handles one tick: the deltas of all partitions, in partition order. A tick handled before changes nothing.
   * @throws PlumblineError 'plan-unknown'
   */
  apply(tick: Instant, deltas: readonly TickDelta[]): RollUpResult {
    if (tick <= this.tick) return { exceptions: [], transitions: [], refused: [], sample: undefined };
    const before = this.tick;
    this.tick = tick;
    const refused = this.#command(deltas);
    this.book.wake(tick);
    if (this.era) this.#observe(this.era, tick, before, deltas);
    this.#refresh(tick);
    const currency = this.era?.plan.version.currency ?? '';
    const result = this.book.take(tick, currency);
    this.#takeEffect(tick, deltas);
    const quarter = Math.floor(tick / SAMPLE_MS) > Math.floor(before / SAMPLE_MS);
    const sample = quarter && this.era ? sampleOf(this.era, this.book, tick) : undefined;
    return { ...result, refused, sample };
  }

  /** Live figures of tiles and cells as JSON; undefined before the first plan. */
  figures(): string | undefined {
    return this.era && figuresOf(this.era, this.book, this.tick);
  }

  /** How each feed stands, as JSON; undefined before the first plan. */
  feedFacts(): string | undefined {
    return this.era && feedFactsOf(this.era, this.book, this.tick);
  }

  #command(deltas: readonly TickDelta[]): RollUpResult['refused'] {
    const commands = deltas.flatMap((delta) => delta.commands);
    // One exception's commands lie in one partition, in order; between exceptions the order says nothing.
    commands.sort((a, b) => (numberOf(a.exceptionId) || 0) - (numberOf(b.exceptionId) || 0) || compareText(a.exceptionId, b.exceptionId));
    const refused: RollUpResult['refused'] = [];
    for (const command of commands) {
      const refusal = this.book.command(command);
      if (refusal) refused.push({ commandId: command.id, exceptionId: command.exceptionId, refusal });
    }
    return refused;
  }

  #observe(era: Era, tick: Instant, before: Instant, deltas: readonly TickDelta[]): void {
    const latest = era.days.latest;
    const aggregate: Firing[] = [];
    const { doubtful, back } = this.#hear(era, tick, deltas);
    this.#count(era, tick, deltas, aggregate);
    for (const location of [...doubtful, ...back]) era.watch.exposureChanged(location);
    era.watch.tick(tick, aggregate);
    this.#report(era, deltas);
    this.#silences(era, tick, back);
    const fired = [...seriesFired(era, tick, deltas), ...aggregate.map((firing) => nodeFired(era, firing))];
    if (fired.length > 0) search(era, this.book, fired, tick);
    if (era.plan.zones.some((zone) => zone.dayOf(tick) !== zone.dayOf(before))) this.#judge(era, tick);
    this.#markOpen(era);
    if (era.days.latest > latest) {
      this.book.forget(tick);
      const followed = new Set(this.book.live().map((held) => held.scope.sku));
      era.skus.forget(era.days.latest, (sku) => followed.has(era.plan.skus[sku]!));
    }
  }

  #hear(era: Era, tick: Instant, deltas: readonly TickDelta[]): ReturnType<Era['feeds']['tick']> {
    const heard = new Set<number>();
    for (const code of deltas[0]?.heard ?? []) {
      const location = era.places.locationIndex.get(code);
      if (location !== undefined) heard.add(location);
    }
    return era.feeds.tick(tick, heard);
  }

  /** Adds the cells' lines day by day, so that a day is complete before a later one closes it. */
  #count(era: Era, tick: Instant, deltas: readonly TickDelta[], firings: Firing[]): void {
    const { days, watch, feeds, plan } = era;
    const present = new Set<number>();
    for (const { cells } of deltas) for (const day of cells.day) present.add(day);
    let sight: Sight | undefined;
    const begin = (location: number, day: number): void => {
      if (days.day[location]! >= day) return;
      for (let d = days.day[location]! + 1; d <= day; d++) {
        days.begin(
          location,
          d,
          (leaving) => {
            this.#settle(era, (sight ??= era.sight(tick)), location, leaving);
            era.tally.settle(location, leaving, tick);
          },
          (family, closing) => (sight ??= era.sight(tick)).day({ altitude: 'location', sku: -1, family, region: -1, location }, closing)?.planned ?? 0,
        );
        era.skus.begin(location, d);
      }
    };
    for (const day of [...present].sort((a, b) => a - b)) {
      if (day > watch.takes()) watch.closeBefore(day - 1, firings);
      const quiet = feeds.quietOn(day);
      const revised = new Set<number>();
      for (const { cells } of deltas) {
        for (let i = 0; i < cells.day.length; i++) {
          if (cells.day[i] !== day) continue;
          const location = cells.location[i]!;
          const family = cells.family[i]!;
          begin(location, day);
          if (!days.add(family, location, day, cells.lines[i]!, cells.units[i]!, cells.revenue[i]!)) continue;
          watch.count(family * plan.locations.length + location, day, cells.lines[i]!);
          if (quiet.has(location)) revised.add(location);
        }
      }
      for (const location of [...revised].sort((a, b) => a - b)) watch.exposureChanged(location);
    }
    for (const location of era.places.all) begin(location, era.todayOf(location, tick));
  }

  /** A day leaves the kept ones: what it had is added to the exceptions that go back so far. */
  #settle(era: Era, sight: Sight, location: number, day: number): void {
    for (const held of this.book.live()) {
      if (held.sinceDay > day || held.kind === 'feed-silence') continue;
      const node = era.nodeOf(held);
      if (!node || (node.location >= 0 && node.location !== location)) continue;
      if (node.region >= 0 && node.region !== era.plan.regionOfLocation[location]) continue;
      if (node.sku >= 0 && era.plan.leafOf(node.sku, location) < 0) continue;
      const seen = sight.day({ ...node, location }, day);
      if (seen) add(held.settled, seen);
    }
  }

  #report(era: Era, deltas: readonly TickDelta[]): void {
    for (const { skuLines } of deltas) {
      for (const { sku, location, day, lines } of skuLines) {
        const s = era.places.skuIndex.get(sku);
        const l = era.places.locationIndex.get(location);
        if (s !== undefined && l !== undefined) era.skus.report(s, l, day, lines, era.days.latest);
      }
    }
  }

  /** A silence is raised once it is long even for what is known to be sold there, and cleared when the feed speaks. */
  #silences(era: Era, tick: Instant, back: readonly number[]): void {
    const live = this.book.live();
    const silenceAt = (code: string): Held | undefined => live.find((held) => held.kind === 'feed-silence' && held.scope.location === code);
    for (const location of back) {
      const held = silenceAt(era.plan.locations[location]!.code);
      if (!held) continue;
      this.book.act(held, 'cleared', tick, 'heard again');
      this.book.stale.add(held);
    }
    for (const { location, to } of era.feeds.silences) {
      if (to < Infinity || !era.feeds.silenceOf(location) || silenceAt(era.plan.locations[location]!.code)) continue;
      const statistic = era.feeds.statistic(location, tick, knownRatio(era, live, location));
      const threshold = era.feeds.threshold(location);
      if (statistic >= threshold) this.book.raiseSilence(era, location, tick, statistic, threshold);
    }
  }

  /** Clearing, on each whole business day after the raising; a silent feed's day expects nothing and says nothing. */
  #judge(era: Era, tick: Instant): void {
    let sight: Sight | undefined;
    for (const held of this.book.live()) {
      const node = era.nodeOf(held);
      if (!node || held.kind === 'feed-silence') continue;
      sight ??= era.sight(tick);
      while (held.judged + 1 < sight.latest + 1 && sight.over(node, held.judged + 1)) {
        held.judged++;
        const seen = sight.day(node, held.judged);
        const expected = (seen?.planned ?? 0) * held.base;
        if (!seen) continue;
        held.recovery = Math.min(1e9, clearingStep(held.recovery, seen.lines, expected, 1 / era.alphaOf(node), held.theta));
      }
      if (!cleared(held.recovery)) continue;
      this.book.act(held, 'cleared', tick, 'back to the rate before');
      this.book.stale.add(held);
    }
  }

  /** While an exception is open its nodes do not learn their dispersion from it. */
  #markOpen(era: Era): void {
    const { moves } = this.book;
    if (this.#marked?.era === era && this.#marked.moves === moves) return;
    this.#marked = { era, moves };
    const open = new Set<number>();
    for (const held of this.book.live()) {
      const node = era.nodeOf(held);
      if (node) era.watch.nodeOf.forEach((inner, series) => contains(node, inner) && open.add(series));
    }
    era.watch.markOpen(open);
  }

  #refresh(tick: Instant): void {
    const { era, book } = this;
    if (!era) return;
    let sight: Sight | undefined;
    const due = new Set(book.stale);
    for (const held of book.live()) if (tick - held.refreshedAt >= LOOK_MS[ageOf(held, tick)]) due.add(held);
    for (const held of [...due].sort((a, b) => a.number - b.number)) {
      const stale = book.stale.has(held);
      const node = era.nodeOf(held);
      if (!node || (!stale && this.#unchanged(era, held, node))) continue;
      held.refreshedAt = tick;
      book.unsaved.add(held);
      sight ??= era.sight(tick);
      this.#show(era, held, node, sight, stale);
    }
    book.stale.clear();
  }

  /** Nothing was heard since its numbers were looked at, and no hour of trade that could move its expectation has passed. */
  #unchanged(era: Era, held: Held, node: Node): boolean {
    if (held.kind === 'feed-silence' || this.tick - held.refreshedAt >= DAY_MS) return false;
    return era.places.locations(node).every((location) => era.feeds.lastHeard[location]! <= held.refreshedAt);
  }

  #show(era: Era, held: Held, node: Node, sight: Sight, stale: boolean): void {
    const silence = held.kind === 'feed-silence';
    const until = silence && !isLive(held.life.status) ? held.closedAt! : this.tick;
    const unsaid = silence ? era.nodes.locationLinesBetween(node.location, held.since, until) : 0;
    const sum = silence ? undefined : totals(held, node, sight, era.sums);
    const lines = sum ? sum.lines : unsaid;
    if (!stale && !moved(held, node, lines, sum) && this.tick - held.shownAt < SHOW_MS[ageOf(held, this.tick)]) return;
    const shown = sum ? show(held, node, sum, sight, era.branches, era.sums, era.alphaOf(node)) : showSilence(held, node.location, sight, era.branches, unsaid, until);
    held.shownLines = lines;
    held.shownAt = this.tick;
    if (held.shown?.headline === shown.headline && JSON.stringify(held.shown) === JSON.stringify(shown)) return;
    held.shown = shown;
    this.book.touch(held);
  }

  /** Plans whose instant has come rule from here on; the tick itself was still compared with the one before. */
  #takeEffect(tick: Instant, deltas: readonly TickDelta[]): void {
    for (const { plans } of deltas) this.coming.push(...plans);
    const due = this.coming.filter((plan) => plan.effectiveAt <= tick);
    if (due.length === 0) return;
    this.coming = this.coming.filter((plan) => plan.effectiveAt > tick);
    for (const { hash, effectiveAt } of due) {
      const plan = this.planOf(hash);
      const { budget } = this.options;
      this.era = this.era ? Era.next(this.era, plan, budget, effectiveAt, tick) : Era.first(plan, budget, tick);
      this.effectiveAt = effectiveAt;
      // The new plan knows of the change, or does not: either way it is what recovery is measured against.
      for (const held of this.book.live()) held.base = 1;
    }
  }
}

/** Lines moved by a tenth, or what stands against the plan by a twentieth: a reader would find the sentence out of date. */
function moved(held: Held, node: Node, lines: number, sum: Seen | undefined): boolean {
  if (Math.abs(lines - held.shownLines) > Math.max(5, MOVED * held.shownLines)) return true;
  if (!sum || !held.shown) return false;
  const before = held.shown.variancePercent;
  return Math.abs(againstPlanOf(node, sum).variancePercent - before) > SWUNG * Math.max(100, 100 + before);
}

const ageOf = (held: Held, tick: Instant): 'fresh' | 'early' | 'late' =>
  tick - held.raisedAt < FRESH_MS ? 'fresh' : tick - held.raisedAt < EARLY_MS ? 'early' : 'late';
