import { silenceStatistic } from '@plumbline/detection';
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
/**
 * Sales of a place do not come one by one: an invoice of twenty lines, then nothing for an hour. So a location's
 * longest pause of late (in expected lines) is remembered, and a silence must be longer by a margin, a doubt by a share.
 * What is remembered fades with each pause and is bounded, so that an outage does not hide the next one. On the Online
 * Retail year without this the United Kingdom "fell silent" twice a day.
 */
const MARGIN = 1.5;
const DOUBT_SHARE = 0.3;
const FADE = 0.998;
const LONGEST_PAUSE = 200;
/** Silences older than every window are forgotten. */
const FAR_MS = 14 * 3_600_000;
const KEPT_MS = 18 * DAY_MS;
const DAYS_AT_HAND = 40;

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
  /** Expected lines of each location's longest pause of late. */
  readonly usualPause: Float64Array;
  /** By location, in order of their beginning. */
  readonly #silences: Silence[][];
  /** By location: rises whenever its silences change. */
  readonly versions: Int32Array;
  /** By location: day × families + family → share of the day in silences that are over. */
  readonly #shares: Map<number, number>[];
  readonly #quietOn = new Map<number, ReadonlySet<number>>();
  readonly #local = new WeakMap<Silence, LocalSilence>();

  /** The last tick. */
  #now: Instant;

  constructor(plan: PlanIndex, nodes: PlanNodes, since: Instant) {
    this.plan = plan;
    this.#nodes = nodes;
    this.#now = since;
    this.lastHeard = new Float64Array(plan.locations.length).fill(since);
    this.usualPause = new Float64Array(plan.locations.length);
    this.versions = new Int32Array(plan.locations.length);
    this.#silences = plan.locations.map(() => []);
    this.#shares = plan.locations.map(() => new Map());
  }

  /** All silences that are kept, by location. */
  get silences(): readonly Silence[] {
    return this.#silences.flat();
  }

  set silences(all: readonly Silence[]) {
    this.#silences.forEach((list, location) => {
      list.length = 0;
      this.#changed(location);
    });
    for (const silence of all) this.add(silence);
  }

  /** After a restore: the last tick handled. */
  resume(at: Instant): void {
    this.#now = at;
  }

  add(silence: Silence): void {
    this.#silences[silence.location]!.push(silence);
    this.#changed(silence.location);
  }

  #changed(location: number): void {
    this.versions[location]!++;
    this.#shares[location]!.clear();
    this.#quietOn.clear();
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
        if (this.#hear(location, at, known)) changes.back.push(location);
        continue;
      }
      const statistic = this.statistic(location, at);
      if (statistic < this.#doubtful(location)) continue;
      if (!known) {
        this.add({ location, from: this.lastHeard[location]!, to: Infinity });
        changes.doubtful.push(location);
      }
      const threshold = this.threshold(location);
      if (statistic >= threshold && this.statistic(location, before) < threshold) changes.silent.push(location);
    }
    this.#silences.forEach((list, location) => {
      while (list.length > 0 && list[0]!.to < at - KEPT_MS) {
        list.shift();
        this.#changed(location);
      }
    });
    return changes;
  }

  /** A location was heard from; true when that ends a silence or a doubt. */
  #hear(location: number, at: Instant, known: Silence | undefined): boolean {
    const pause = this.unsaid(location, at);
    if (known) {
      const list = this.#silences[location]!;
      if (this.#statisticOf(pause) >= this.threshold(location)) known.to = at;
      else list.splice(list.indexOf(known), 1);
      this.#changed(location);
    }
    if (this.#statisticOf(pause) >= DOUBTFUL) {
      this.usualPause[location] = Math.max(FADE * this.usualPause[location]!, Math.min(pause, LONGEST_PAUSE));
    }
    this.lastHeard[location] = at;
    return known !== undefined;
  }

  /** What a location's statistic must reach: of a feed without long pauses, SILENCE_THRESHOLD. */
  threshold(location: number): number {
    return Math.max(SILENCE_THRESHOLD, this.#statisticOf(MARGIN * this.usualPause[location]!));
  }

  #doubtful(location: number): number {
    return Math.max(DOUBTFUL, this.#statisticOf(DOUBT_SHARE * this.usualPause[location]!));
  }

  /** The silence under way at a location, once it has passed the threshold. */
  silenceOf(location: number): Silence | undefined {
    const open = this.#openAt(location);
    return open && this.statistic(location, this.#now) >= this.threshold(location) ? open : undefined;
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
    return this.#statisticOf(ratio * this.unsaid(location, at));
  }

  #statisticOf(lines: number): number {
    return silenceStatistic(K, lines);
  }

  /** Share of a cell's whole business day that fell into silences of its location, up to an instant. */
  silentShare(family: number, location: number, day: number, until: Instant): number {
    const list = this.#silences[location]!;
    if (list.length === 0) return 0;
    const last = list[list.length - 1]!;
    const ended = list[last.to === Infinity ? list.length - 2 : list.length - 1];
    if (ended && ended.to > until) return this.#shareOf(list, family, location, day, until);
    let share = ended ? this.#shareOver(family, location, day) : 0;
    if (last.to === Infinity && touches(last, day) && last.from < until) {
      share += this.#elapsed(family, location, day, until) - this.#elapsedAt(family, location, day, this.#localOf(last).from);
    }
    return share;
  }

  /** The same of the whole day and of silences past doubt alone. */
  confirmedShare(family: number, location: number, day: number): number {
    if (!this.#openAt(location) || this.silenceOf(location)) return this.silentShare(family, location, day, Infinity);
    return this.#shareOver(family, location, day);
  }

  /** The part of silences that are over. */
  #shareOver(family: number, location: number, day: number): number {
    const known = this.#shares[location]!;
    const key = day * this.plan.families.length + family;
    let share = known.get(key);
    if (share === undefined) {
      const over = this.#silences[location]!.filter(({ to }) => to < Infinity);
      share = this.#shareOf(over, family, location, day, Infinity);
      known.set(key, share);
    }
    return share;
  }

  #shareOf(silences: readonly Silence[], family: number, location: number, day: number, until: Instant): number {
    let share = 0;
    for (const silence of silences) {
      if (!touches(silence, day) || silence.from >= until) continue;
      const { from, to } = this.#localOf(silence);
      const end = silence.to <= until ? this.#elapsedAt(family, location, day, to) : this.#elapsed(family, location, day, until);
      share += end - this.#elapsedAt(family, location, day, from);
    }
    return share;
  }

  /** Ends of a silence by the location's calendar; worked out once, and again when the silence ends. */
  #localOf(silence: Silence): LocalSilence {
    const known = this.#local.get(silence);
    if (known?.ends === silence.to) return known;
    const zone = this.plan.zones[this.plan.zoneOfLocation[silence.location]!]!;
    const localOf = (at: Instant): Local => (at === Infinity ? { day: Infinity, minute: 0 } : { day: zone.dayOf(at), minute: zone.minuteOf(at) });
    const local = { ends: silence.to, from: localOf(silence.from), to: localOf(silence.to) };
    this.#local.set(silence, local);
    return local;
  }

  #elapsedAt(family: number, location: number, day: number, local: Local): number {
    return local.day < day ? 0 : local.day > day ? 1 : this.plan.elapsed(family, location, local.minute);
  }

  #elapsed(family: number, location: number, day: number, at: Instant): number {
    if (at === Infinity) return 1;
    const zone = this.plan.zones[this.plan.zoneOfLocation[location]!]!;
    const local = zone.dayOf(at);
    return local < day ? 0 : local > day ? 1 : this.plan.elapsed(family, location, zone.minuteOf(at));
  }

  /** Locations with a silence that may touch a business day. */
  quietOn(day: number): ReadonlySet<number> {
    const known = this.#quietOn.get(day);
    if (known) return known;
    const quiet = new Set<number>();
    this.#silences.forEach((list, location) => {
      if (list.some((silence) => touches(silence, day))) quiet.add(location);
    });
    if (this.#quietOn.size > DAYS_AT_HAND) this.#quietOn.clear();
    this.#quietOn.set(day, quiet);
    return quiet;
  }

  /** The first plan took effect at an instant within a location's day: what came before it that day is not missing. */
  startAt(location: number, at: Instant): void {
    const zone = this.plan.zones[this.plan.zoneOfLocation[location]!]!;
    const from = zone.startOf(zone.dayOf(at));
    if (from < at) this.add({ location, from, to: at });
  }
}

/** A silence's ends by its location's calendar, and the end they were worked out for. */
interface LocalSilence {
  ends: Instant;
  from: Local;
  to: Local;
}

interface Local {
  day: number;
  minute: number;
}

/** No zone is further from UTC than fourteen hours: most silences are seen not to touch the day without a calendar. */
const touches = ({ from, to }: Silence, day: number): boolean => to > day * DAY_MS - FAR_MS && from < (day + 1) * DAY_MS + FAR_MS;

/**
 * Lines a day could show, given that part of it was not heard: between what was planned outside the silence and the
 * whole. A count in between says nothing, as a store may or may not have sent the rest later.
 */
export const heardOf = (whole: number, silentShare: number, lines: number): number =>
  silentShare <= 0 ? whole : Math.min(whole, Math.max(whole * (1 - silentShare), lines));
