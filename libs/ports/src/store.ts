import type { Exception, ExceptionTransition, PlanVersionSummary } from '@plumbline/contracts';

/**
 * The store behind the tower: PostgreSQL, with TimescaleDB where the extension is there. Every `commit` is one
 * database transaction that checks the claim's epoch first, so that a member that lost its partition changes nothing.
 */
export interface Store {
  /** Applies what is missing of the numbered migrations, and the TimescaleDB overlay where the extension is there. */
  migrate(progress?: (step: string) => void): Promise<void>;
  info(): Promise<StoreInfo>;
  healthy(): Promise<boolean>;
  close(): Promise<void>;

  /**
   * Takes a partition (or the roll-up, partition −1) for an owner: raises its epoch, which fences any earlier owner,
   * and returns where its results stand.
   */
  claim(stream: string, partition: number, owner: string): Promise<Claim>;
  /** Snapshot pages of a claim, in page order; empty when there is no snapshot. */
  snapshot(stream: string, partition: number): Promise<SnapshotPage[]>;
  /** @throws PlumblineError 'fenced' when an epoch is no longer current; then nothing was written */
  commitDetect(commit: readonly DetectCommit[]): Promise<void>;
  /** How far each partition has closed time: the tick of its last commit, in partition order (−Infinity: none). */
  detectTicks(partitions: number): Promise<number[]>;
  /** How far each partition's lines are in `actuals`: the tick of its last commit with a snapshot (−Infinity: none). */
  countedTicks(partitions: number): Promise<number[]>;
  /** The tick of the roll-up's last commit; −Infinity when none. */
  rollUpTick(): Promise<number>;
  /** Tick deltas after a tick, up to and including another, ascending by tick then partition. */
  deltas(after: number, through: number, limit: number): Promise<StoredDelta[]>;
  /** @throws PlumblineError 'fenced' */
  commitRollUp(commit: RollUpCommit): Promise<void>;
  /** Resolves when another process has committed something of this kind, or after the time-out. */
  wait(kind: 'deltas' | 'changes' | 'plans', timeoutMs: number, signal?: AbortSignal): Promise<void>;

  /**
   * Tells whoever listens at this moment, in any process, in the order of the calls that are awaited: nothing is kept,
   * and what cannot be told is lost. At most 7,500 bytes of UTF-8.
   */
  share(kind: SharedKind, payload: string): Promise<void>;
  /** @returns what ends it */
  listen(kind: SharedKind, listener: (payload: string) => void): () => void;
  /** False when nobody listened a moment ago: then sharing can be spared. */
  listened(kind: SharedKind): boolean;

  /** Stores a committed or draft plan version. The same hash again changes nothing. */
  savePlan(plan: StoredPlan): Promise<void>;
  plan(idOrHash: string): Promise<StoredPlan | undefined>;
  plans(): Promise<PlanVersionSummary[]>;

  exceptions(query: ExceptionQuery): Promise<{ items: Exception[]; next: string | undefined }>;
  exception(id: string): Promise<Exception | undefined>;
  transitions(id: string): Promise<ExceptionTransition[]>;
  /** Changed exceptions after a change number, ascending by it. */
  changes(after: number, limit: number): Promise<Exception[]>;
  /**
   * The last change number (0: none yet) and the identity of this store: made with its tables, another database has
   * another one, and change numbers of the two cannot be compared.
   */
  lastChange(): Promise<{ store: string; change: number }>;
  /** Live figures as the roll-up's last commit that had any left them: JSON and its tick. */
  figures(): Promise<{ tick: number; body: string } | undefined>;
  /** Samples of [from, to), ascending. */
  figuresSamples(from: number, to: number): Promise<FiguresSample[]>;

  deadLetters(query: DeadLetterQuery): Promise<{ items: DeadLetter[]; next: string | undefined }>;
  deadLetterCounts(): Promise<{ reason: string; open: number; redriven: number }[]>;
  /** Adds dead letters found outside a stream (HTTP ingest, files). Same key again changes nothing. */
  addDeadLetters(letters: readonly NewDeadLetter[]): Promise<void>;
  markRedriven(ids: readonly string[], at: number): Promise<void>;

  /** Actuals of one series or of many summed, by the bucket asked for, ascending. */
  actuals(query: ActualsQuery): Promise<ActualsBucket[]>;
  /** The earliest local hour of the earliest business day with a sale; undefined when there is none. */
  firstSale(): Promise<{ day: number; hour: number } | undefined>;
  counters(): Promise<StreamCounters>;
  unplanned(limit: number): Promise<{ sku: string; location: string; lines: number; lastAt: number }[]>;
  /** Counts by location and source since the log began, summed over partitions; by both, ascending. */
  feedCounts(): Promise<FeedTally[]>;
  /** How feeds stand, as the roll-up's last commit that said so left it: JSON and its tick. */
  feedFacts(): Promise<{ tick: number; body: string } | undefined>;
  /** Names of owners and of people in transitions, latest first. `lastAt`: milliseconds UTC. */
  people(limit: number): Promise<{ name: string; lastAt: number }[]>;

  /** Archived events (Kafka's archive consumer); same topic, partition and offset again changes nothing. */
  archive(stream: string, epoch: number, partition: number, events: readonly ArchivedEvent[], offset: number): Promise<void>;
  archivedEvents(query: ArchiveQuery): Promise<ArchivedEvent[]>;

  /**
   * Daily upkeep as of an event-time instant: merges the partial rows of business days past the late window, refreshes
   * aggregates, drops archived events older than `archiveDays` and samples of
   * figures older than 60 days. Safe beside everything else. @returns rows merged away
   */
  maintain(now: number, archiveDays: number): Promise<number>;

  /** SHA-256 (hex) each of exceptions with their history, hourly actuals, and dead letters; see `digest` in the README. */
  digest(): Promise<Digest>;
}

export type SharedKind = 'increments';

export interface StoreInfo {
  server: string;
  timescale: string | undefined;
  migrations: number;
}

export interface Claim {
  epoch: number;
  /** Next offset to read; undefined when nothing was committed yet. */
  offset: number | undefined;
  /** Tick of the last commit; −Infinity when none. */
  tick: number;
  /** Offset and meta of the last snapshot; its offset ≤ `offset`. */
  snapshot: { offset: number; meta: Uint8Array } | undefined;
}

export interface SnapshotPage {
  page: number;
  bytes: Uint8Array;
  /** CRC-32 of the bytes. */
  checksum: number;
}

export interface DetectCommit {
  partition: number;
  epoch: number;
  /**
   * Rises with each commit of a claim. A number already committed is not applied again, so that a commit whose outcome
   * is unknown (the connection broke) can be repeated as it is. Absent: the caller never repeats.
   */
  number?: number;
  /** Next offset to read. */
  offset: number;
  /** Last closed tick. */
  tick: number;
  deltas: { tick: number; payload: Uint8Array }[];
  actuals: ActualRows | undefined;
  deadLetters: NewDeadLetter[];
  counters: StreamCounters;
  unplanned: { sku: string; location: string; lines: number; lastAt: number }[];
  /** What came of each source for each location since the last commit. */
  feeds?: FeedCount[];
  /** A new snapshot at `offset`: only pages changed since the last one, plus the meta that goes with all of them. */
  snapshot: { meta: Uint8Array; pages: SnapshotPage[]; pageCount: number } | undefined;
}

/**
 * Columns of equal length: one row per series, business day and flush. `hours`, `lines`, `units` and `revenue` are
 * parallel per row; rows are only ever added, and the sum over a series and day is the truth.
 */
export interface ActualRows {
  sku: string[];
  location: string[];
  /** Days since 1970-01-01, in the location's zone. */
  day: number[];
  /** Local hours 0–23 present in the row, ascending. */
  hours: number[][];
  lines: number[][];
  /** Thousandths of a unit. Returns count negative. */
  units: number[][];
  /** Ten-thousandths of the currency. */
  revenue: number[][];
}

/** Events of one source for one location; '' where the plan names no location for them. */
export interface FeedCount {
  location: string;
  source: string;
  accepted: number;
  late: number;
  duplicates: number;
  outsideWindow: number;
  rejected: number;
  /** Latest event time accepted, milliseconds UTC. */
  lastAt: number | undefined;
}

export interface FeedTally extends FeedCount {
  /** Accepted a second of event time, over the last one to two minutes of it; 0 when nothing came within two. */
  eventsPerSecond: number;
}

export interface StoredDelta {
  partition: number;
  tick: number;
  payload: Uint8Array;
}

export interface RollUpCommit {
  epoch: number;
  /** Last tick handled; deltas up to it are deleted. */
  tick: number;
  /** Whole exceptions, inserted or replaced by id; `change` rises strictly. */
  exceptions: Exception[];
  transitions: ExceptionTransition[];
  snapshot: { meta: Uint8Array; pages: SnapshotPage[]; pageCount: number };
  /** Live figures of the tower's tiles and cells after this tick, JSON (the dashboard's first snapshot). */
  figures: string | undefined;
  /** The tiles at the first ticks of quarters of an hour, for their trend; the same quarter again replaces what was there. */
  samples?: FiguresSample[];
  /** How each feed stands after this tick, JSON: see `FeedFacts` of the roll-up. */
  feeds?: string | undefined;
}

/** What the tower's tiles showed. */
export interface FiguresSample {
  /** Event time, milliseconds UTC; kept by the quarter of an hour it lies in. */
  at: number;
  /** Plan attainment in units, 0…1; null while nothing is planned. */
  today: number | null;
  week: number | null;
  month: number | null;
  /** Exact decimal. */
  valueAtRisk: string;
  open: number;
  unowned: number;
  /** Feeds that were silent. */
  silent: number;
}

export interface StoredPlan {
  summary: PlanVersionSummary;
  /** The version as libs/plan encodes it; its SHA-256 is `summary.hash`. */
  body: Uint8Array;
}

export interface ExceptionQuery {
  status?: string[];
  kind?: string[];
  altitude?: string[];
  family?: string;
  region?: string;
  location?: string;
  sku?: string;
  owner?: string;
  sort?: 'priority' | 'newest' | 'value';
  limit: number;
  /** Opaque, from a previous answer. */
  cursor?: string;
}

export interface NewDeadLetter {
  /** Stable identity: content-derived, so that a replay adds nothing twice. */
  key: string;
  /** Stable code such as 'schema', 'future', 'not-json', 'outside-duplicate-window'. */
  reason: string;
  /** What was wrong, where, and what to do. */
  detail: string;
  source: string | undefined;
  eventId: string | undefined;
  payload: Uint8Array;
  /** Event time of the partition's last tick when it was rejected, or receipt for HTTP. */
  at: number;
}

export interface DeadLetter extends NewDeadLetter {
  id: string;
  redrivenAt: number | undefined;
}

export interface DeadLetterQuery {
  reason?: string;
  state?: 'open' | 'redriven';
  limit: number;
  cursor?: string;
}

export interface ActualsQuery {
  skus?: string[];
  locations?: string[];
  fromDay: number;
  /** Exclusive. */
  toDay: number;
  bucket: 'hour' | 'day' | 'week' | 'total';
  /** Group by these; the answer has one row per group and bucket. */
  by?: ('sku' | 'location')[];
  /** In place of `skus`, `locations` and `by`: one row per pair of groups and bucket, without what is in no group. */
  groups?: { skus: ActualsGroups; locations: ActualsGroups };
}

/** Codes put into numbered groups, parallel; each code once. The store knows no families or regions. */
export interface ActualsGroups {
  codes: readonly string[];
  group: readonly number[];
}

export interface ActualsBucket {
  sku?: string;
  location?: string;
  /** Present when asked for by `groups`. */
  skuGroup?: number;
  locationGroup?: number;
  day: number;
  /** Present for bucket 'hour'. */
  hour?: number;
  lines: number;
  units: number;
  revenue: number;
}

/** Cumulative counts since the log began, summed over partitions. */
export interface StreamCounters {
  accepted: number;
  sales: number;
  returns: number;
  other: number;
  duplicates: number;
  /** Recognised as not new only because they lie behind the duplicate window. */
  outsideWindow: number;
  late: number;
  unplanned: number;
  rejected: Record<string, number>;
}

export interface ArchivedEvent {
  offset: number;
  /** Present where events are read. */
  partition?: number;
  sku: string | undefined;
  location: string | undefined;
  time: number;
  value: Uint8Array;
}

export interface ArchiveQuery {
  sku?: string;
  location?: string;
  /** Any of these. */
  skus?: readonly string[];
  locations?: readonly string[];
  /** Only what comes behind this one. */
  after?: { time: number; partition: number; offset: number };
  from: number;
  to: number;
  limit: number;
}

export interface Digest {
  exceptions: string;
  actuals: string;
  deadLetters: string;
}
