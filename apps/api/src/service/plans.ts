import {
  encodeEvent,
  type ImportFault,
  type PlanChangeBody,
  type PlanCommitBody,
  type PlanDeriveBody,
  type PlanDetail,
  type PlanDiffBody,
  type PlanExtendBody,
  type PlanImportBody,
  type PlanImportResult,
  type PlanPage,
  type PlanRevertBody,
  type PlanVersionSummary,
  type ProblemError,
} from '@plumbline/contracts';
import { formatDay, formatInstant, MINUTE_MS, parseDay, parseInstant, PlumblineError, type Instant } from '@plumbline/kernel';
import { actionsToCommit, againVersion, decodePlan, derivePlan, encodePlan, extendVersion, hashPlan, parsePlanCsv, summarise, type DerivedPlan, type ExtendFault, type PlanVersion } from '@plumbline/plan';
import type { StoredPlan } from '@plumbline/ports';
import { sha256 } from './bytes.ts';
import { detailOf, diffOf, faultOf } from './plan-bodies.ts';
import { currencyOfSales, historyOf } from './plan-history.ts';
import { towerTime, type Now, type Source } from './source.ts';

/** Files of a plan have faults; each says where. */
export class PlanFaults extends PlumblineError {
  readonly faults: readonly ImportFault[];

  constructor(faults: readonly ImportFault[]) {
    const most = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
    super('plan-faults', `The files have ${most}; nothing was imported.`, { fix: 'Correct the cells named and import again.' });
    this.faults = faults;
  }
}

/** Items cannot be planned as they say; each says why. */
export class PlanMisfits extends PlumblineError {
  readonly errors: readonly ProblemError[];

  constructor(faults: readonly ExtendFault[]) {
    super('plan-extend', `${capital(faults.map(({ message }) => message).join('; '))}. Nothing was planned.`, { where: 'items', fix: 'Correct the items named and send them again.' });
    this.errors = faults.map(({ index, member, code, message }) => ({ code, detail: message, pointer: `/items/${index}/${member}` }));
  }
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

const DEFAULT_WEEKS = 8;
const DEFAULT_MONTHS = 1;
/**
 * A version takes effect at one tick in all partitions, so its event must be in all of them before that tick: "now" is
 * a little later than the last tick. Where the tower's time is not the wall clock's (demo, replay), it may run fast.
 */
const SOON_MS = 5000;
const SOON_IN_FAST_TIME_MS = 15 * MINUTE_MS;
const NO_KEY = new Uint8Array(0);

/** Plan versions: drafts from files or from the past, and their commitment, which is an event the streams apply. */
export class Plans {
  readonly #source: Source;
  readonly #now: Now;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(source: Source, now: Now) {
    this.#source = source;
    this.#now = now;
  }

  /** Newest first. */
  async list(): Promise<PlanPage> {
    const plans = await this.#source.store.plans();
    return { items: plans.toSorted((a, b) => parseInstant(b.createdAt) - parseInstant(a.createdAt)), next: null };
  }

  /** @throws PlumblineError 'plan-unknown' */
  async show(idOrHash: string): Promise<PlanDetail> {
    return detailOf(await this.#find(idOrHash));
  }

  /** What changes when version `to` takes the place of `from`. @throws PlumblineError 'plan-unknown' */
  async diff(from: string, to: string): Promise<PlanDiffBody> {
    const [a, b] = [await this.#find(from), await this.#find(to)];
    return diffOf(decodePlan(a.body), decodePlan(b.body));
  }

  /** The version that the tower compares with now: of those committed, the last to have taken effect. */
  async inForce(): Promise<PlanVersionSummary | undefined> {
    const [plans, at] = await Promise.all([this.#source.store.plans(), towerTime(this.#source.store, this.#now)]);
    return latest(plans.filter(({ effectiveAt }) => effectiveAt !== null && parseInstant(effectiveAt) <= at));
  }

  /** A draft from CSV texts, or every fault of them. The same files again give the same draft. */
  async import(body: PlanImportBody): Promise<PlanImportResult> {
    const base = await this.#base();
    const { name, lines, products, locations, profiles: splits } = body;
    const currency = body.currency ?? base?.version.currency ?? (await currencyOfSales(this.#source));
    if (currency === undefined) return { imported: false, faults: [noCurrency] };
    const id = `P-${sha256(JSON.stringify([name, currency, lines, products, locations, splits, base?.hash])).slice(0, 12)}`;
    const there = await this.#source.store.plan(id);
    if (there) return { imported: true, version: there.summary };
    const at = this.#now();
    const catalogue = { id, name, currency, createdAt: at, ...(base ? { base: base.version } : {}) };
    const read = parsePlanCsv({ lines, products, locations, splits }, catalogue);
    if (read.version === undefined) return { imported: false, faults: read.faults.map(faultOf) };
    return { imported: true, version: await this.#save(read.version) };
  }

  /** A draft that says "as in the trailing weeks". @throws PlumblineError 'no-history' when nothing was sold before that day */
  async derive(body: PlanDeriveBody): Promise<{ version: PlanVersionSummary; basis: DerivedPlan['basis'] }> {
    const before = parseDay(body.before);
    const weeks = body.weeks ?? DEFAULT_WEEKS;
    const base = await this.#base();
    const history = await historyOf(this.#source, base?.version, before - weeks * 7, before);
    const currency = base?.version.currency ?? (await currencyOfSales(this.#source)) ?? 'EUR';
    const createdAt = this.#now();
    const derived = derivePlan(history, {
      id: `D-${formatDay(before)}-${sha256(`${createdAt} ${weeks} ${base?.hash ?? ''}`).slice(0, 8)}`,
      name: body.name ?? `As in the ${weeks} weeks before ${formatDay(before)}`,
      currency,
      createdAt,
      before,
      weeks,
      months: body.months ?? DEFAULT_MONTHS,
    });
    return { version: await this.#save(derived.version), basis: derived.basis };
  }

  /**
   * Commits a version: it never changes again, the one before is superseded, and every partition of the log is told, so
   * that the streams apply it at its instant. A repeat tells them once more and changes nothing (the event has the same
   * id), so a commit that was cut short is completed by repeating it.
   * @throws PlumblineError 'plan-unknown', 'plan-transition'
   */
  async commit(idOrHash: string, body: PlanCommitBody & { note?: string | undefined } = {}): Promise<PlanVersionSummary> {
    const stored = await this.#find(idOrHash);
    const { status, effectiveAt: before } = stored.summary;
    const given = body.effectiveAt === undefined ? undefined : parseInstant(body.effectiveAt);
    const repeat = status === 'committed' && before !== null && (given === undefined || given === parseInstant(before));
    if (!repeat && actionsToCommit(status).length === 0) {
      throw new PlumblineError('plan-transition', `Plan version ${stored.summary.id} is ${status}${before ? `, in force from ${before}` : ''}: it cannot be committed again.`, {
        where: stored.summary.id,
        fix: 'Import or derive a new version and commit that.',
      });
    }
    const effectiveAt = repeat ? parseInstant(before) : (given ?? (await this.#soon()));
    const summary: PlanVersionSummary = repeat
      ? stored.summary
      : { ...stored.summary, status: 'committed', committedAt: formatInstant(this.#now()), effectiveAt: formatInstant(effectiveAt) };
    if (!repeat) await this.#source.store.savePlan({ summary, body: stored.body });
    await this.#tell(summary, effectiveAt, body);
    await this.#supersede(summary, effectiveAt);
    return summary;
  }

  /**
   * Plans new SKUs and locations like known ones: a version of the same totals takes the place of the one in force, at
   * once. What was sold of them before stays unplanned; a version committed for later is left as it is.
   * @throws PlumblineError 'no-plan', PlanMisfits, 'plan-invalid' where weights grow beyond what can be split exactly
   */
  async extend({ items, ...said }: PlanExtendBody): Promise<PlanChangeBody> {
    return this.#inTurn(async () => {
      const base = await this.#ruling();
      const now = this.#now();
      const id = `E-${sha256(JSON.stringify([base.hash, items, now])).slice(0, 12)}`;
      const news = items.map((item) => ('sku' in item ? item.sku : item.location));
      const made = extendVersion(base.version, items, { id, name: nameWith(base.version.name, news), createdAt: now });
      if ('faults' in made) throw new PlanMisfits(made.faults);
      return this.#change(base.version, made.version, said);
    });
  }

  /**
   * Goes back to an earlier version: what is committed never changes, so a new one that equals it takes its place.
   * @throws PlumblineError 'no-plan', 'plan-unknown', 'no-earlier-plan'
   */
  async revert({ to, ...said }: PlanRevertBody): Promise<PlanChangeBody> {
    return this.#inTurn(async () => {
      const base = await this.#ruling();
      const now = this.#now();
      const stored = await this.#find(to ?? (await this.#before(base.version.id)));
      const old = decodePlan(stored.body);
      const id = `R-${sha256(JSON.stringify([base.hash, stored.summary.hash, now])).slice(0, 12)}`;
      const version = againVersion(old, { id, name: shortened(stem(old.name), ' (again)'), createdAt: now });
      return this.#change(base.version, version, said);
    });
  }

  async #change(from: PlanVersion, to: PlanVersion, { by, note, dryRun = false }: Said & { dryRun?: boolean | undefined }): Promise<PlanChangeBody> {
    const [before, after] = [seriesOf(from), seriesOf(to)];
    const missing = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => [...a].filter((series) => !b.has(series)).length;
    if (dryRun) encodePlan(to);
    else await this.#save(to);
    return {
      version: dryRun ? null : await this.commit(to.id, { by, note }),
      from: { id: from.id, name: from.name },
      diff: diffOf(from, to),
      series: { added: missing(after, before), removed: missing(before, after) },
    };
  }

  /** Changes of one process are made one after the other, so that none is lost. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(change);
    this.#changing = done.catch(() => undefined);
    return done;
  }

  /** The version in force, or about to be: one committed a moment ago is built upon, not lost. */
  async #ruling(): Promise<{ version: PlanVersion; hash: string }> {
    const [plans, soon] = [await this.#source.store.plans(), await this.#soon()];
    const summary = latest(plans.filter(({ effectiveAt }) => effectiveAt !== null && parseInstant(effectiveAt) <= soon));
    if (!summary) throw new PlumblineError('no-plan', 'No plan is in force that could be changed.', { fix: 'Import or derive a version and commit it.' });
    const { body } = await this.#find(summary.hash);
    return { version: decodePlan(body), hash: summary.hash };
  }

  /** Id of the version whose place another one took. */
  async #before(id: string): Promise<string> {
    const committed = byEffect(await this.#source.store.plans());
    const earlier = committed[committed.findIndex((summary) => summary.id === id) + 1];
    if (earlier) return earlier.id;
    throw new PlumblineError('no-earlier-plan', 'There is no version before the one in force.', { where: id, fix: 'Say which version to go back to.' });
  }

  async #find(idOrHash: string): Promise<StoredPlan> {
    const stored = await this.#source.store.plan(idOrHash);
    if (stored) return stored;
    throw new PlumblineError('plan-unknown', `There is no plan version ${idOrHash}.`, { where: 'id', fix: 'List them with "plumbline plan list".' });
  }

  /** What a new version takes over where it says nothing itself: the version in force, else the last committed. */
  async #base(): Promise<{ version: PlanVersion; hash: string } | undefined> {
    const summary = (await this.inForce()) ?? latest(await this.#source.store.plans());
    const stored = summary && (await this.#source.store.plan(summary.hash));
    return stored && { version: decodePlan(stored.body), hash: stored.summary.hash };
  }

  async #soon(): Promise<Instant> {
    const [at, wall] = [await towerTime(this.#source.store, this.#now), this.#now()];
    return at + (Math.abs(at - wall) < MINUTE_MS ? SOON_MS : SOON_IN_FAST_TIME_MS);
  }

  async #save(version: PlanVersion): Promise<PlanVersionSummary> {
    const body = encodePlan(version);
    const summary = summarise(version, { hash: hashPlan(body), status: 'draft' });
    await this.#source.store.savePlan({ summary, body });
    return summary;
  }

  async #tell({ id, hash }: PlanVersionSummary, effectiveAt: Instant, { by, note }: Said): Promise<void> {
    const { log, config, partitions } = this.#source;
    const value = encodeEvent({
      specversion: '1.0',
      id: `${hash.slice(0, 16)}-${effectiveAt}`,
      source: 'urn:plumbline:plan',
      type: 'plan.committed',
      time: formatInstant(effectiveAt),
      datacontenttype: 'application/json',
      data: { id, hash, effectiveAt: formatInstant(effectiveAt), ...(by === undefined ? {} : { by }), ...(note === undefined ? {} : { note }) },
    });
    const producer = await log.producer();
    try {
      await producer.append(config.topic, Array.from({ length: partitions }, (_, partition) => ({ key: NO_KEY, value, partition })));
    } finally {
      await producer.close();
    }
  }

  async #supersede(by: PlanVersionSummary, effectiveAt: Instant): Promise<void> {
    for (const summary of await this.#source.store.plans()) {
      if (summary.status !== 'committed' || summary.id === by.id || summary.effectiveAt === null) continue;
      if (parseInstant(summary.effectiveAt) > effectiveAt) continue;
      const stored = await this.#source.store.plan(summary.id);
      if (stored) await this.#source.store.savePlan({ ...stored, summary: { ...summary, status: 'superseded' } });
    }
  }
}

const noCurrency: ImportFault = { row: 0, column: '', code: 'no-currency', message: 'this is the first plan and nothing was sold yet: say which currency it is in, such as EUR' };

/** Of versions that were committed, the one that takes effect last. */
const latest = (plans: readonly PlanVersionSummary[]): PlanVersionSummary | undefined => byEffect(plans)[0];

/** Versions that were committed, the one that takes effect last first. */
function byEffect(plans: readonly PlanVersionSummary[]): PlanVersionSummary[] {
  const committed = plans.filter(({ effectiveAt, committedAt }) => effectiveAt !== null && committedAt !== null);
  const key = ({ effectiveAt, committedAt }: PlanVersionSummary): [number, number] => [parseInstant(effectiveAt!), parseInstant(committedAt!)];
  return committed.toSorted((a, b) => key(b)[0] - key(a)[0] || key(b)[1] - key(a)[1]);
}

interface Said {
  by?: string | undefined;
  note?: string | undefined;
}

const LONGEST_NAME = 128;

/** A name without what an earlier change added to it. */
const stem = (name: string): string => name.replace(/ \((?:with [^()]*|again)\)$/, '');
const shortened = (name: string, more: string): string => `${name.slice(0, LONGEST_NAME - more.length).toWellFormed()}${more}`;

const nameWith = (name: string, news: readonly string[]): string =>
  shortened(stem(name), ` (with ${news.length === 1 ? news[0]!.replaceAll(/[()]/g, '') : `${news.length} new`})`);

const seriesOf = ({ splits }: PlanVersion): ReadonlySet<string> =>
  new Set(splits.flatMap(({ leaves }) => leaves.map(({ sku, location }) => `${sku}\0${location}`)));
