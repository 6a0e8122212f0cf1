import type { BacktestAnswer, BacktestPoint, BacktestRuleId, Exception } from '@plumbline/contracts';
import { COLD_DAYS, nbQuantile, runDetector, silenceStatistic, type DetectorRun } from '@plumbline/detection';
import { deadBands, isLive, rounded } from '@plumbline/exceptions';
import { DAY_MS, firstDayOfMonth, formatInstant, formatMoney, formatQuantity, HOUR_MS, monthOf, parseInstant, partitionOf, PlumblineError, QUANTITY_SCALE, type BusinessDay, type Instant } from '@plumbline/kernel';
import { HourGrid, type Bucket } from './backtest-grid.ts';
import { PlanPlaces, ScopeHistory } from './backtest-plans.ts';
import { projected } from './backtest-projection.ts';
import { Sales } from './backtest-sales.ts';
import { add, nothing, type Amounts } from './backtest-scope.ts';
import { verdicts } from './backtest-verdicts.ts';
import { utf8 } from './bytes.ts';
import type { CompiledPlans } from './compiled-plans.ts';
import { towerTime, type Now, type Source } from './source.ts';

export interface BacktestRequest {
  rule?: readonly BacktestRuleId[] | undefined;
  /** False alarms per 1,000 series-weeks; absent: what the tower allots. */
  budget?: number | undefined;
  /** Dead band δ; absent: that of the altitude. */
  tolerance?: number | undefined;
  days?: number | undefined;
}

const HISTORY_DAYS = 14;
/** Days that rules have seen before the window begins, where there are so many. */
const WARM_DAYS = 28;
/** Days shown after the raising at the most. */
const MOST_DAYS_AFTER = 56;
const FALSE_ALARMS_A_DAY = 5;
/** c = 7000/B promises B false alarms per 1,000 series-weeks. */
const SERIES_DAYS = 7000;
/** k of a location's lines over hours, as the feeds' silence is judged. */
const SILENCE_K = 1 / 0.15;

/**
 * An exception's series against its plan hour by hour, and what other rules would have said of it: promise 7.
 *
 * The e-detector is the tower's own recursion, sensed rate and learnt dispersion included, over the counts in the store.
 * It differs from what ran live in this: it knows no history before the warm-up; it starts from the dispersion that the
 * plan implies; it sees whole hours, so it may fire up to an hour later; a silent feed's lines count as missing here,
 * where the tower sets them aside; and late lines stand in their own hour from the beginning.
 */
export class Backtest {
  readonly #source: Source;
  readonly #now: Now;
  readonly #plans: PlanPlaces;
  readonly #sales: Sales;

  constructor(source: Source, compiled: CompiledPlans, now: Now) {
    this.#source = source;
    this.#now = now;
    this.#sales = new Sales(source.store, now);
    this.#plans = new PlanPlaces(compiled, source.config.falseAlarms ?? FALSE_ALARMS_A_DAY);
  }

  /** @throws PlumblineError 'exception-unknown', 'plan-unknown' */
  async answer(id: string, request: BacktestRequest = {}): Promise<BacktestAnswer> {
    const { store } = this.#source;
    const exception = await store.exception(id);
    if (!exception) throw new PlumblineError('exception-unknown', `There is no exception ${id}.`, { where: 'id', fix: 'List them with "plumbline exceptions list".' });
    const [transitions, now, counted, versions, earlier] = await Promise.all([
      store.transitions(id),
      towerTime(store, this.#now),
      this.#counted(exception),
      store.plans(),
      this.#earlier(exception),
    ]);
    const history = await ScopeHistory.of(this.#plans, exception, versions);
    const reach = counted.map((tick) => (Number.isFinite(tick) ? tick : now));
    const shown = await this.#series(exception, history, request.days ?? HISTORY_DAYS, now, reach);
    const judged = await this.#judge(exception, history, shown, request);
    const rules = verdicts({ exception, direction: judged.direction, transitions, earlier, from: shown.from, alpha: judged.alpha, days: shown.closed, detector: judged }, request.rule);
    return this.#written(exception, history, shown, judged, now, rules);
  }

  /** How far the counts of the scope reach: each partition has written them at its own time. */
  async #counted({ scope }: Exception): Promise<Instant[]> {
    const { store, partitions } = this.#source;
    const ticks = await store.countedTicks(partitions);
    return scope.sku === undefined ? ticks : [ticks[partitionOf(utf8(scope.sku), partitions)]!];
  }

  /** Other exceptions of the same kind on the very same scope. */
  async #earlier({ id, kind, altitude, scope }: Exception): Promise<Instant[]> {
    const within = Object.fromEntries(Object.entries(scope).filter(([, code]) => code !== undefined));
    const { items } = await this.#source.store.exceptions({ ...within, kind: [kind], altitude: [altitude], sort: 'newest', limit: 200 });
    return items
      .filter((other) => other.id !== id)
      .map(({ raisedAt }) => parseInstant(raisedAt))
      .sort((a, b) => a - b);
  }

  async #series(exception: Exception, history: ScopeHistory, days: number, now: Instant, counted: readonly Instant[]): Promise<Shown> {
    const zones = [...new Set(history.locations.values())].sort();
    const span = spanOf(exception, history, zones, days, now);
    const places = [...history.locations];
    const skus = history.named.skus;
    const asked = {
      scope: `${exception.planVersion.hash} ${exception.altitude} ${JSON.stringify(exception.scope)} ${zones.join(' ')}`,
      groups: {
        skus: { codes: skus, group: skus.map(() => 0) },
        locations: { codes: places.map(([code]) => code), group: places.map(([, zone]) => zones.indexOf(zone)) },
      },
      openDay: Math.min(...counted.flatMap((reach) => zones.map((zone) => history.dayIn(zone, reach)))),
    };
    const [warm, hours, after] = await Promise.all([
      this.#sales.rows({ ...asked, bucket: 'day', fromDay: span.warmDay, toDay: span.fromDay }),
      this.#sales.rows({ ...asked, bucket: 'hour', fromDay: span.fromDay, toDay: span.toDay }),
      this.#sales.rows({ ...asked, bucket: 'day', fromDay: span.toDay, toDay: span.today + 1 }),
    ]);
    const sold = hours.map((row) => ({ lines: row.lines, units: row.units, revenue: row.revenue, day: row.day, hour: row.hour!, zone: zones[row.locationGroup!]! }));
    const grid = new HourGrid({ zones, fromDay: span.fromDay, toDay: span.toDay, counted, planned: (day) => history.zoneDays(day), sold });
    const byDay = new Map<BusinessDay, Amounts>();
    for (const row of [...warm, ...hours, ...after]) {
      let sum = byDay.get(row.day);
      if (!sum) byDay.set(row.day, (sum = nothing()));
      add(sum, row);
    }
    const shown = { ...span, zones, grid, byDay, counted, reach: Math.max(...counted), from: grid.buckets[0]!.at, closed: [] as Shown['closed'] };
    for (let day = span.warmDay; day < span.toDay; day++) {
      if (day >= span.fromDay && !grid.closed(day)) break;
      const monthBegins = day === firstDayOfMonth(monthOf(day));
      shown.closed.push({ day, lines: byDay.get(day)?.lines ?? 0, expected: dayOf(history, day).lines, monthBegins, end: grid.endOf(day) });
    }
    return shown;
  }

  async #judge(exception: Exception, history: ScopeHistory, shown: Shown, { budget, tolerance = deadBands[exception.altitude] }: BacktestRequest): Promise<Judged> {
    const direction = directionOf(exception);
    const { alpha, node } = history.named;
    const lnThreshold = budget === undefined ? await this.#plans.lnThreshold(exception.planVersion.hash, node) : Math.log(SERIES_DAYS / budget);
    const { warmDay, fromDay, grid, closed } = shown;
    const open = closed.length;
    const days = closed.map(({ day, lines, expected }) => ({ hours: day < fromDay ? [] : grid.dayBuckets(day), lines, expected, closed: true }));
    const today = warmDay + open;
    if (today < shown.toDay) days.push({ hours: grid.dayBuckets(today), lines: 0, expected: dayOf(history, today).lines, closed: false });
    const openFrom = closed.findIndex(({ end }) => end > parseInstant(exception.raisedAt));
    const coldDays = Math.max(0, COLD_DAYS - (warmDay - history.watchedDay));
    const run = runDetector(days, { direction, lnThreshold, deadBand: tolerance, alpha, coldDays, ...(openFrom < 0 ? {} : { openFrom }) });
    const statistics = new Map<number, number>();
    days.forEach(({ hours }, i) => (hours as { bucket: number }[]).forEach(({ bucket }, hour) => {
      const ln = run.statistics[i]![hour];
      if (ln !== undefined) statistics.set(bucket, ln);
    }));
    return { direction, alpha, tolerance, lnThreshold, budget: budget ?? SERIES_DAYS / Math.exp(lnThreshold), statistics, alarms: alarmsOf(run, days as { hours: { bucket: number }[] }[], shown) };
  }

  #written(exception: Exception, history: ScopeHistory, shown: Shown, judged: Judged, now: Instant, rules: BacktestAnswer['rules']): BacktestAnswer {
    const { id, measure, currency, raisedAt, since, kind, threshold } = exception;
    const { grid, zones } = shown;
    const silent = kind === 'feed-silence';
    const statistics = silent ? silences(grid.buckets) : judged.statistics;
    const day = Math.min(...zones.map((zone) => history.dayIn(zone, now)));
    return {
      exceptionId: id,
      measure,
      unit: measure === 'lines' ? 'lines' : history.named.unit,
      currency,
      timezone: zones.length === 1 ? zones[0]! : 'UTC',
      bucket: 'hour',
      from: formatInstant(shown.from),
      to: formatInstant(grid.buckets.at(-1)!.at + HOUR_MS),
      firedAt: raisedAt,
      since,
      now: formatInstant(now),
      countedTo: formatInstant(Math.round(shown.counted.reduce((sum, tick) => sum + Math.min(tick, now), 0) / shown.counted.length)),
      threshold: rounded(silent ? threshold : judged.lnThreshold, 4),
      points: grid.buckets.map((bucket, i) => pointOf(bucket, measure, judged.alpha, statistics.get(i))),
      projection: {
        day: this.#projection(exception, history, shown, judged, day, day + 1),
        month: this.#projection(exception, history, shown, judged, firstDayOfMonth(monthOf(day)), firstDayOfMonth(monthOf(day) + 1)),
      },
      rules,
    };
  }

  /** Of business days [from, to), as far as a plan has ruled them while the tower watched. */
  #projection(exception: Exception, history: ScopeHistory, shown: Shown, { alpha, tolerance }: Judged, from: BusinessDay, to: BusinessDay): BacktestAnswer['projection']['day'] {
    const { altitude, measure, kind } = exception;
    const { byDay, grid } = shown;
    const first = Math.max(from, history.firstDay);
    const [plan, elapsed, actual] = [nothing(), nothing(), nothing()];
    for (let day = first; day < to; day++) {
      add(plan, dayOf(history, day));
      add(elapsed, history.elapsed(day, shown.counted));
      const sold = byDay.get(day);
      if (sold) add(actual, sold);
    }
    // After a change the rate is judged by what came since; a silent feed by what came before.
    const begin = Math.max(history.firstDay, shown.monthDay);
    const silent = kind === 'feed-silence';
    const evidenceFrom = isLive(exception.status) && !silent ? Math.max(begin, shown.sinceDay) : begin;
    const evidenceTo = silent ? Math.max(begin, shown.sinceDay) : shown.today + 1;
    const seen = { lines: 0, expected: 0, daily: 0 };
    for (let day = evidenceFrom; day < evidenceTo; day++) {
      seen.lines += byDay.get(day)?.lines ?? 0;
      seen.expected += history.elapsed(day, shown.counted).lines;
    }
    seen.daily = plan.lines / Math.max(1, to - first);
    return projected({ altitude, measure, alpha, tolerance, end: grid.endOf(to - 1), actual, elapsed, plan, evidence: seen }, (amount) => written(amount, measure));
  }
}

interface Span {
  /** Days of counts: whole ones before `fromDay`, hours of [fromDay, toDay). */
  warmDay: BusinessDay;
  fromDay: BusinessDay;
  toDay: BusinessDay;
  /** The last business day that has begun somewhere; the first of the month of the first that has not ended. */
  today: BusinessDay;
  monthDay: BusinessDay;
  sinceDay: BusinessDay;
}

interface Shown extends Span {
  zones: readonly string[];
  grid: HourGrid;
  byDay: ReadonlyMap<BusinessDay, Amounts>;
  counted: readonly Instant[];
  /** The furthest that counts reach. */
  reach: Instant;
  from: Instant;
  closed: { day: BusinessDay; lines: number; expected: number; monthBegins: boolean; end: Instant }[];
}

interface Judged {
  direction: 1 | -1;
  alpha: number;
  tolerance: number;
  lnThreshold: number;
  budget: number;
  /** By bucket. */
  statistics: ReadonlyMap<number, number>;
  alarms: readonly Instant[];
}

function spanOf(exception: Exception, history: ScopeHistory, zones: readonly string[], days: number, now: Instant): Span {
  const { raisedAt, since, status, updatedAt } = exception;
  const dayIn = (at: Instant, pick: (...days: number[]) => number): BusinessDay => pick(...zones.map((zone) => history.dayIn(zone, at)));
  const raised = dayIn(parseInstant(raisedAt), Math.min);
  const sinceDay = dayIn(parseInstant(since), Math.min);
  const today = Math.max(dayIn(now, Math.max), raised);
  const fromDay = Math.max(Math.min(raised - days, sinceDay), Math.min(history.firstDay, sinceDay));
  // A closed exception is shown to the day after its last change.
  const last = isLive(status) ? today : Math.min(today, dayIn(parseInstant(updatedAt) + DAY_MS, Math.max));
  const monthDay = firstDayOfMonth(monthOf(dayIn(now, Math.min)));
  const warmDay = Math.min(fromDay, Math.max(history.firstDay, Math.min(fromDay - WARM_DAYS, firstDayOfMonth(monthOf(fromDay)), monthDay)));
  return { warmDay, fromDay, toDay: Math.min(last, raised + MOST_DAYS_AFTER) + 1, today, monthDay, sinceDay };
}

function dayOf(history: ScopeHistory, day: BusinessDay): Amounts {
  const sum = nothing();
  for (const part of history.zoneDays(day)) add(sum, part);
  return sum;
}

const directionOf = ({ kind }: Exception): 1 | -1 => (kind === 'demand-surge' ? 1 : -1);

function alarmsOf(run: DetectorRun, days: readonly { hours: readonly { bucket: number }[] }[], { grid, closed, reach }: Shown): Instant[] {
  return run.alarms.map(({ day, hour }) => {
    const bucket = days[day]!.hours[hour]?.bucket;
    return bucket === undefined ? closed[day]!.end : Math.min(grid.buckets[bucket]!.at + HOUR_MS, reach);
  });
}

/** D4 at the end of each hour: an hour with a line ends the silence. */
function silences(buckets: readonly Bucket[]): Map<number, number> {
  const statistics = new Map<number, number>();
  let unsaid = 0;
  buckets.forEach(({ counted, expected, actual }, i) => {
    if (!counted) return;
    unsaid = actual.lines > 0 ? 0 : unsaid + expected.lines;
    statistics.set(i, silenceStatistic(SILENCE_K, unsaid));
  });
  return statistics;
}

/** The range is the negative binomial's of lines; units follow at the plan's units per line. */
function pointOf({ at, counted, expected, planned, actual }: Bucket, measure: Exception['measure'], alpha: number, statistic: number | undefined): BacktestPoint {
  const perLine = expected.lines > 0 ? expected[measure] / expected.lines : 0;
  const quantile = (p: number): string => written(perLine > 0 ? perLine * nbQuantile(p, 1 / alpha, expected.lines) : 0, measure);
  return {
    at: formatInstant(at),
    expected: written(expected[measure], measure),
    planned: written(planned[measure], measure),
    low: quantile(0.1),
    high: quantile(0.9),
    actual: counted ? written(actual[measure], measure) : null,
    statistic: statistic === undefined || !Number.isFinite(statistic) ? null : rounded(statistic, 4),
    expectedRevenue: formatMoney(Math.round(expected.revenue)),
    revenue: counted ? formatMoney(actual.revenue) : null,
  };
}

const written = (amount: number, measure: Exception['measure']): string => formatQuantity(Math.round(measure === 'lines' ? amount * QUANTITY_SCALE : amount));
