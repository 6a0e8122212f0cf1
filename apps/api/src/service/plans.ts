import {
  encodeEvent,
  type ImportFault,
  type PlanCommitBody,
  type PlanDeriveBody,
  type PlanDetail,
  type PlanDiffBody,
  type PlanImportBody,
  type PlanImportResult,
  type PlanPage,
  type PlanVersionSummary,
} from '@plumbline/contracts';
import { formatDay, formatInstant, MINUTE_MS, parseDay, parseInstant, PlumblineError, type Instant } from '@plumbline/kernel';
import { actionsToCommit, decodePlan, derivePlan, encodePlan, hashPlan, parsePlanCsv, summarise, type DerivedPlan, type PlanVersion } from '@plumbline/plan';
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
  async commit(idOrHash: string, body: PlanCommitBody = {}): Promise<PlanVersionSummary> {
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
    await this.#tell(summary, effectiveAt);
    await this.#supersede(summary, effectiveAt);
    return summary;
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

  async #tell({ id, hash }: PlanVersionSummary, effectiveAt: Instant): Promise<void> {
    const { log, config, partitions } = this.#source;
    const value = encodeEvent({
      specversion: '1.0',
      id: `${hash.slice(0, 16)}-${effectiveAt}`,
      source: 'urn:plumbline:plan',
      type: 'plan.committed',
      time: formatInstant(effectiveAt),
      datacontenttype: 'application/json',
      data: { id, hash, effectiveAt: formatInstant(effectiveAt) },
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
function latest(plans: readonly PlanVersionSummary[]): PlanVersionSummary | undefined {
  const committed = plans.filter(({ effectiveAt, committedAt }) => effectiveAt !== null && committedAt !== null);
  const key = ({ effectiveAt, committedAt }: PlanVersionSummary): [number, number] => [parseInstant(effectiveAt!), parseInstant(committedAt!)];
  return committed.toSorted((a, b) => key(b)[0] - key(a)[0] || key(b)[1] - key(a)[1])[0];
}
