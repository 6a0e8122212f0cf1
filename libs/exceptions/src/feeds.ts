import { DAY_MS, type Instant } from '@plumbline/kernel';
import type { PlanIndex, PlanNodes } from '@plumbline/plan';

/** D4: alarm at k·ln(1 + Λ/k) ≥ this, which is a chance of 1e-6. */
export const SILENCE_THRESHOLD = 13.8;
/** k = 1/α of a location's lines over hours: how uneven trade is within a day. */
const K = 1 / 0.15;
/**
 * From here on (a chance of one in twenty) the time since a feed was last heard is set aside: either it speaks again,
 * and the time counts as if nothing had been, or it is silent. So a dead feed is never taken for a drop in demand.
 */
const DOUBTFUL = 3;
/** Silences older than every window are forgotten. */
const FAR_MS = 14 * 3_600_000;
const KEPT_MS = 18 * DAY_MS;

/** A location's feed said nothing over [from, to); still silent, or doubtful, when `to` is Infinity. */
export interface Silence {
  location: number;
  from: Instant;
  to: Instant;
}

/**
 * When each location was last heard from (as tick events say), and the times in which feeds were silent. While a feed
 * is silent nothing is expected of it: lines that were not said are neither missing nor recovered. A function of ticks
 * and plan alone, so that detect and the roll-up agree.
 */
export class Feeds {
  readonly plan: PlanIndex;
  readonly #nodes: PlanNodes;
  readonly lastHeard: Float64Array;
  /** By location, in order of their beginning. */
  readonly #silences: Silence[][];

  /** The last tick. */
  #now: Instant;

  constructor(plan: PlanIndex, nodes: PlanNodes, since: Instant) {
    this.plan = plan;
    this.#nodes = nodes;
    this.#now = since;
    this.lastHeard = new Float64Array(plan.locations.length).fill(since);
    this.#silences = plan.locations.map(() => []);
  }

  /** All silences that are kept, by location. */
  get silences(): readonly Silence[] {
    return this.#silences.flat();
  }

  set silences(all: readonly Silence[]) {
    for (const list of this.#silences) list.length = 0;
    for (const silence of all) this.add(silence);
  }

  /** After a restore: the last tick handled. */
  resume(at: Instant): void {
    this.#now = at;
  }

  add(silence: Silence): void {
    this.#silences[silence.location]!.push(silence);
  }

  /** Locations with a silence that is past doubt: closed ones were kept for that, an open one has passed the threshold. */
  confirmed(): number[] {
    const locations: number[] = [];
    this.#silences.forEach((list, location) => {
      if (list.some(({ to }) => to < Infinity) || (list.length > 0 && this.silenceOf(location))) locations.push(location);
    });
    return locations;
  }

  /** True when a location has any silence that is kept: most have none, and then nothing is left out. */
  quiet(location: number): boolean {
    return this.#silences[location]!.length > 0;
  }

  /**
   * Time has come to a tick; `heard` were heard from since the last one.
   * @returns locations whose silence passed the threshold, those that became doubtful, and those silent or doubtful
   * that spoke again, each ascending
   */
  tick(at: Instant, heard: ReadonlySet<number>): { silent: number[]; doubtful: number[]; back: number[] } {
    const changes = { silent: [] as number[], doubtful: [] as number[], back: [] as number[] };
    const before = this.#now;
    this.#now = at;
    for (let location = 0; location < this.lastHeard.length; location++) {
      const known = this.#openAt(location);
      if (heard.has(location)) {
        if (known) {
          if (this.statistic(location, at) >= SILENCE_THRESHOLD) known.to = at;
          else this.#silences[location]!.splice(this.#silences[location]!.indexOf(known), 1);
          changes.back.push(location);
        }
        this.lastHeard[location] = at;
        continue;
      }
      const statistic = this.statistic(location, at);
      if (statistic < DOUBTFUL) continue;
      if (!known) {
        this.add({ location, from: this.lastHeard[location]!, to: Infinity });
        changes.doubtful.push(location);
      }
      if (statistic >= SILENCE_THRESHOLD && this.statistic(location, before) < SILENCE_THRESHOLD) changes.silent.push(location);
    }
    for (const list of this.#silences) while (list.length > 0 && list[0]!.to < at - KEPT_MS) list.shift();
    return changes;
  }

  /** The silence under way at a location, once it has passed the threshold. */
  silenceOf(location: number): Silence | undefined {
    const open = this.#openAt(location);
    return open && this.statistic(location, this.#now) >= SILENCE_THRESHOLD ? open : undefined;
  }

  #openAt(location: number): Silence | undefined {
    return this.#silences[location]!.find((silence) => silence.to === Infinity);
  }

  /** Lines planned since a location was last heard from, Λ. */
  unsaid(location: number, at: Instant): number {
    return this.#nodes.locationLinesBetween(location, this.lastHeard[location]!, at);
  }

  /** k·ln(1 + Λ/k). `ratio`: what is known to be sold there of the plan, 1 = as planned. */
  statistic(location: number, at: Instant, ratio = 1): number {
    return K * Math.log1p((ratio * this.unsaid(location, at)) / K);
  }

  /** Share of a cell's whole business day that fell into silences of its location, up to an instant. */
  silentShare(family: number, location: number, day: number, until: Instant): number {
    const list = this.#silences[location]!;
    if (list.length === 0) return 0;
    let share = 0;
    for (const { from, to } of list) {
      // No zone is further from UTC than fourteen hours: most silences are seen not to touch the day without a calendar.
      if (to <= day * DAY_MS - FAR_MS || from >= (day + 1) * DAY_MS + FAR_MS || from >= until) continue;
      share += this.#elapsed(family, location, day, Math.min(to, until)) - this.#elapsed(family, location, day, from);
    }
    return share;
  }

  #elapsed(family: number, location: number, day: number, at: Instant): number {
    const zone = this.plan.zones[this.plan.zoneOfLocation[location]!]!;
    const local = zone.dayOf(at);
    return local < day ? 0 : local > day ? 1 : this.plan.elapsed(family, location, zone.minuteOf(at));
  }

  /** Locations with a silence that may touch a business day. */
  quietOn(day: number): ReadonlySet<number> {
    const quiet = new Set<number>();
    this.#silences.forEach((list, location) => {
      if (list.some(({ from, to }) => from < (day + 1) * DAY_MS + FAR_MS && to > day * DAY_MS - FAR_MS)) quiet.add(location);
    });
    return quiet;
  }

  /** The first plan took effect at an instant within a location's day: what came before it that day is not missing. */
  startAt(location: number, at: Instant): void {
    const zone = this.plan.zones[this.plan.zoneOfLocation[location]!]!;
    const from = zone.startOf(zone.dayOf(at));
    if (from < at) this.add({ location, from, to: at });
  }
}

/**
 * Lines a day could show, given that part of it was not heard: between what was planned outside the silence and the
 * whole. A count in between says nothing, as a store may or may not have sent the rest later.
 */
export const heardOf = (whole: number, silentShare: number, lines: number): number =>
  silentShare <= 0 ? whole : Math.min(whole, Math.max(whole * (1 - silentShare), lines));
