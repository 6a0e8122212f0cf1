import type { Exception, ExceptionTransition, PlanVersionSummary } from '@plumbline/contracts';
import type {
  ActualsBucket,
  ActualsQuery,
  ArchivedEvent,
  ArchiveQuery,
  Claim,
  DeadLetter,
  DeadLetterQuery,
  DetectCommit,
  Digest,
  ExceptionQuery,
  FiguresSample,
  FeedTally,
  NewDeadLetter,
  RollUpCommit,
  SharedKind,
  SnapshotPage,
  Store,
  StoredDelta,
  StoredPlan,
  StoreInfo,
  StreamCounters,
} from '@plumbline/ports';
import { actuals, compactActuals, firstSale, refreshAggregates } from './actuals.ts';
import { archive, archivedEvents, expireArchive } from './archive.ts';
import { claim, countedTicks, counters, deltas, detectTicks, rollUpTick, streamOf, unplanned } from './claims.ts';
import type { Database, StoreLogger } from './database.ts';
import { addDeadLetters, deadLetterCounts, deadLetters, markRedriven } from './dead-letters.ts';
import { commitDetect } from './detect-commit.ts';
import { digest } from './digest.ts';
import { changes, exception, exceptions, lastChange, transitions } from './exceptions.ts';
import { feedCounts, feedFacts, people } from './feeds.ts';
import { migrate, migrationState } from './migrate.ts';
import { expireSamples, figuresSamples } from './figures-samples.ts';
import { readPages } from './pages.ts';
import { plan, plans, savePlan } from './plans.ts';
import { commitRollUp, figures } from './roll-up-commit.ts';
import { SeriesIds } from './series-ids.ts';
import { Shares } from './shares.ts';
import { Wakes } from './wakes.ts';

const DAY_MS = 86_400_000;
/** Days within which late lines still change actuals, and two for zones that are behind. */
const LATE_DAYS = 9;
/** Samples of figures are kept so long. */
const SAMPLE_DAYS = 60;

/** The Store port on PostgreSQL; what each member promises stands there. The queries lie in files by subject. */
export class PostgresStore implements Store {
  readonly #database: Database;
  readonly #logger: StoreLogger | undefined;
  readonly #wakes: Wakes;
  readonly #shares: Shares;
  readonly #series = new SeriesIds();

  constructor(database: Database, logger: StoreLogger | undefined) {
    this.#database = database;
    this.#logger = logger;
    this.#wakes = new Wakes(database, logger);
    this.#shares = new Shares(database, logger);
  }

  async migrate(progress: (step: string) => void = () => undefined): Promise<void> {
    await migrate(this.#database, this.#logger, progress);
  }

  info(): Promise<StoreInfo> {
    return migrationState(this.#database);
  }

  async healthy(): Promise<boolean> {
    return this.#database.rows('checking health', 'SELECT 1').then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    await this.#wakes.close();
    await this.#shares.close();
    await this.#database.close();
  }

  claim(stream: string, partition: number, owner: string): Promise<Claim> {
    return claim(this.#database, stream, partition, owner);
  }

  snapshot(stream: string, partition: number): Promise<SnapshotPage[]> {
    return readPages(this.#database, streamOf(stream, partition), partition);
  }

  async commitDetect(commit: readonly DetectCommit[]): Promise<void> {
    if (await commitDetect(this.#database, this.#series, commit)) this.#wakes.wake('deltas');
  }

  detectTicks(partitions: number): Promise<number[]> {
    this.#wakes.reading('deltas');
    return detectTicks(this.#database, partitions);
  }

  countedTicks(partitions: number): Promise<number[]> {
    return countedTicks(this.#database, partitions);
  }

  rollUpTick(): Promise<number> {
    this.#wakes.reading('changes');
    return rollUpTick(this.#database);
  }

  deltas(after: number, through: number, limit: number): Promise<StoredDelta[]> {
    this.#wakes.reading('deltas');
    return deltas(this.#database, after, through, limit);
  }

  async commitRollUp(commit: RollUpCommit): Promise<void> {
    await commitRollUp(this.#database, commit);
    this.#wakes.wake('changes');
  }

  wait(kind: 'deltas' | 'changes' | 'plans', timeoutMs: number, signal?: AbortSignal): Promise<void> {
    return this.#wakes.wait(kind, timeoutMs, signal);
  }

  share(kind: SharedKind, payload: string): Promise<void> {
    return this.#shares.share(kind, payload);
  }

  listen(kind: SharedKind, listener: (payload: string) => void): () => void {
    return this.#shares.listen(kind, listener);
  }

  listened(kind: SharedKind): boolean {
    return this.#shares.listened(kind);
  }

  async savePlan(version: StoredPlan): Promise<void> {
    if (await savePlan(this.#database, version)) this.#wakes.wake('plans');
  }

  plan(idOrHash: string): Promise<StoredPlan | undefined> {
    this.#wakes.reading('plans');
    return plan(this.#database, idOrHash);
  }

  plans(): Promise<PlanVersionSummary[]> {
    this.#wakes.reading('plans');
    return plans(this.#database);
  }

  exceptions(query: ExceptionQuery): Promise<{ items: Exception[]; next: string | undefined }> {
    return exceptions(this.#database, query);
  }

  exception(id: string): Promise<Exception | undefined> {
    return exception(this.#database, id);
  }

  transitions(id: string): Promise<ExceptionTransition[]> {
    return transitions(this.#database, id);
  }

  changes(after: number, limit: number): Promise<Exception[]> {
    this.#wakes.reading('changes');
    return changes(this.#database, after, limit);
  }

  lastChange(): Promise<{ store: string; change: number }> {
    this.#wakes.reading('changes');
    return lastChange(this.#database);
  }

  figures(): Promise<{ tick: number; body: string } | undefined> {
    this.#wakes.reading('changes');
    return figures(this.#database);
  }

  figuresSamples(from: number, to: number): Promise<FiguresSample[]> {
    return figuresSamples(this.#database, from, to);
  }

  deadLetters(query: DeadLetterQuery): Promise<{ items: DeadLetter[]; next: string | undefined }> {
    return deadLetters(this.#database, query);
  }

  deadLetterCounts(): Promise<{ reason: string; open: number; redriven: number }[]> {
    return deadLetterCounts(this.#database);
  }

  addDeadLetters(letters: readonly NewDeadLetter[]): Promise<void> {
    return addDeadLetters(this.#database, letters);
  }

  markRedriven(ids: readonly string[], at: number): Promise<void> {
    return markRedriven(this.#database, ids, at);
  }

  actuals(query: ActualsQuery): Promise<ActualsBucket[]> {
    return actuals(this.#database, query);
  }

  firstSale(): Promise<{ day: number; hour: number } | undefined> {
    return firstSale(this.#database);
  }

  counters(): Promise<StreamCounters> {
    return counters(this.#database);
  }

  unplanned(limit: number): Promise<{ sku: string; location: string; lines: number; lastAt: number }[]> {
    return unplanned(this.#database, limit);
  }

  feedCounts(): Promise<FeedTally[]> {
    return feedCounts(this.#database);
  }

  feedFacts(): Promise<{ tick: number; body: string } | undefined> {
    return feedFacts(this.#database);
  }

  people(limit: number): Promise<{ name: string; lastAt: number }[]> {
    return people(this.#database, limit);
  }

  archive(stream: string, epoch: number, partition: number, events: readonly ArchivedEvent[], offset: number): Promise<void> {
    return archive(this.#database, stream, epoch, partition, events, offset);
  }

  archivedEvents(query: ArchiveQuery): Promise<ArchivedEvent[]> {
    return archivedEvents(this.#database, query);
  }

  digest(): Promise<Digest> {
    return digest(this.#database);
  }

  /**
   * Merges partial rows of actuals of business days in [fromDay, beforeDay); call it with days past the late window.
   * Safe beside running commits. @returns how many rows fewer there are
   */
  compact(beforeDay: number, fromDay: number = beforeDay - 14): Promise<number> {
    return compactActuals(this.#database, fromDay, beforeDay);
  }

  async maintain(now: number, archiveDays: number): Promise<number> {
    const today = Math.floor(now / DAY_MS);
    const merged = await this.compact(today - LATE_DAYS);
    await this.refreshAggregates(today - LATE_DAYS - 7, today);
    await this.expireArchive(archiveDays, now);
    await expireSamples(this.#database, now - SAMPLE_DAYS * DAY_MS);
    return merged;
  }

  /** Brings TimescaleDB's continuous aggregates up to date for whole weeks in [fromDay, toDay); else does nothing. */
  async refreshAggregates(fromDay: number, toDay: number): Promise<void> {
    const { timescale } = await this.info();
    if (timescale !== undefined) await refreshAggregates(this.#database, fromDay, toDay);
  }

  /** Deletes archived events older than so many days before `now` (event time, milliseconds UTC). */
  async expireArchive(days: number, now: number): Promise<number> {
    const { timescale } = await this.info();
    return expireArchive(this.#database, timescale !== undefined, days, now);
  }
}
