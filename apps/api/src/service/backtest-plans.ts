import type { Exception, PlanVersionSummary } from '@plumbline/contracts';
import { Places, thresholds, watchedAltitudes, type Node, type Thresholds, type WatchedAltitude } from '@plumbline/exceptions';
import { parseInstant, parseMonth, monthOf, PlumblineError, zoneOf, type BusinessDay, type Instant } from '@plumbline/kernel';
import type { CompiledPlan } from '@plumbline/plan';
import { countedShare, hourStarts } from './backtest-grid.ts';
import { add, nothing, ScopePlan, type Amounts, type ZoneDay } from './backtest-scope.ts';
import type { CompiledPlans } from './compiled-plans.ts';

/** ln c at one false alarm per 1,000 series-weeks: for a scope that the tower does not watch by itself. */
const LN_UNWATCHED = Math.log(7000);

interface Worked {
  places: Places;
  thresholds?: Thresholds;
}

/** What is worked out from compiled plan versions, for as long as those are kept. */
export class PlanPlaces {
  readonly #compiled: CompiledPlans;
  readonly #budget: number;
  readonly #worked = new WeakMap<CompiledPlan, Worked>();

  /** @param budget false alarms a day of the whole tower */
  constructor(compiled: CompiledPlans, budget: number) {
    this.#compiled = compiled;
    this.#budget = budget;
  }

  /** @throws PlumblineError 'plan-unknown' */
  async places(hash: string): Promise<Places> {
    return (await this.#of(hash)).places;
  }

  /** ln c that the tower's budget allots to a node of a plan. @throws PlumblineError 'plan-unknown' */
  async lnThreshold(hash: string, node: Node): Promise<number> {
    const worked = await this.#of(hash);
    const allotted = allottedTo((worked.thresholds ??= thresholds(worked.places.plan, this.#budget)), worked.places, node);
    return Number.isFinite(allotted) ? allotted : LN_UNWATCHED;
  }

  async #of(hash: string): Promise<Worked> {
    const plan = await this.#compiled.of(hash);
    let worked = this.#worked.get(plan);
    if (!worked) this.#worked.set(plan, (worked = { places: new Places(plan) }));
    return worked;
  }
}

function allottedTo(thresholds: Thresholds, { plan }: Places, { altitude, sku, family, region, location }: Node): number {
  if (altitude === 'leaf') return thresholds.leaf(plan.leafOf(sku, location));
  if (altitude === 'sku') return thresholds.sku(sku);
  if (!watchedAltitudes.some((watched) => watched === altitude)) return Infinity;
  const index = { total: 0, region, family, location, 'family-region': family * plan.regions.length + region };
  return thresholds.node(altitude as WatchedAltitude, index[altitude as WatchedAltitude]);
}

interface Reign {
  scope: ScopePlan;
  /** First business day that it rules whole, and the one in which it took effect. */
  firstDay: BusinessDay;
  effectiveDay: BusinessDay;
  /** Months covered: [from, to]. */
  from: number;
  to: number;
}

/**
 * What an exception's scope was expected to sell. Days from the version named in the exception on are held against that
 * version as long as it has their month, whatever was committed later; other days against the version that ruled them.
 */
export class ScopeHistory {
  readonly named: ScopePlan;
  /** First business day that any plan ruled. */
  readonly firstDay: BusinessDay;
  /** The day on which the tower began to watch: a series is unknown to it for its first days. */
  readonly watchedDay: BusinessDay;
  /** Location code → IANA zone. */
  readonly locations: ReadonlyMap<string, string>;
  readonly #named: Reign;
  readonly #others: readonly Reign[];

  private constructor(named: Reign, others: readonly Reign[]) {
    this.named = named.scope;
    this.#named = named;
    this.#others = others;
    this.firstDay = Math.min(...[named, ...others].map(({ firstDay }) => firstDay));
    this.watchedDay = Math.min(...[named, ...others].map(({ effectiveDay }) => effectiveDay));
    this.locations = new Map([...others, named].flatMap(({ scope }) => [...scope.locations]));
  }

  /** @throws PlumblineError 'plan-unknown' */
  static async of(plans: PlanPlaces, exception: Exception, versions: readonly PlanVersionSummary[]): Promise<ScopeHistory> {
    const { altitude, scope, planVersion } = exception;
    const reignOf = async (version: PlanVersionSummary): Promise<Reign | undefined> => {
      const found = ScopePlan.of(await plans.places(version.hash), altitude, scope);
      return found && { scope: found, ...firstDays(version, found), from: parseMonth(version.from), to: parseMonth(version.to) };
    };
    const ruled = versions.filter(({ effectiveAt, committedAt }) => effectiveAt !== null && committedAt !== null);
    const own = ruled.find(({ hash }) => hash === planVersion.hash);
    const named = own && (await reignOf(own));
    if (!named) {
      throw new PlumblineError('plan-unknown', `The plan version that ${exception.id} was compared with (${planVersion.name}) is not in the store.`, {
        where: exception.id,
        fix: 'Restore the version from a backup, or import the same plan again: the same content has the same hash.',
      });
    }
    // The last few that ruled near it: history reaches back weeks, and each costs a compilation.
    const near = ruled.filter((version) => version !== own).sort((a, b) => effective(b) - effective(a));
    const before = near.filter((version) => effective(version) <= effective(own)).slice(0, 2);
    const after = near.filter((version) => effective(version) > effective(own) && parseMonth(version.to) > named.to).slice(-1);
    const others = (await Promise.all([...after, ...before].map(reignOf))).filter((reign) => reign !== undefined);
    return new ScopeHistory(named, others);
  }

  zoneDays(day: BusinessDay): readonly ZoneDay[] {
    const month = monthOf(day);
    const has = ({ firstDay, from, to }: Reign): boolean => day >= firstDay && month >= from && month <= to;
    const reign = has(this.#named) ? this.#named : this.#others.find(has);
    return reign?.scope.zoneDays(day) ?? [];
  }

  dayIn(zone: string, at: Instant): BusinessDay {
    return zoneOf(zone).dayOf(at);
  }

  /** What was expected of a business day up to where its counts reach; see `countedShare`. */
  elapsed(day: BusinessDay, counted: readonly Instant[]): Amounts {
    const sum = nothing();
    for (const part of this.zoneDays(day)) {
      const zone = zoneOf(part.zone);
      if (counted.every((reach) => zone.dayOf(reach) > day)) add(sum, part);
      else hourStarts(zone, day).forEach((start, hour) => add(sum, part, part.hours[hour]! * countedShare(counted, start)));
    }
    return sum;
  }
}

const effective = ({ effectiveAt }: PlanVersionSummary): number => parseInstant(effectiveAt!);

/** A version rules the business days that begin at or after its instant. */
function firstDays(version: PlanVersionSummary, scope: ScopePlan): Pick<Reign, 'firstDay' | 'effectiveDay'> {
  const at = effective(version);
  const zones = [...new Set(scope.locations.values())].map(zoneOf);
  const ruled = zones.map((zone) => (zone.startOf(zone.dayOf(at)) < at ? zone.dayOf(at) + 1 : zone.dayOf(at)));
  return { firstDay: Math.max(...ruled), effectiveDay: Math.min(...zones.map((zone) => zone.dayOf(at))) };
}
