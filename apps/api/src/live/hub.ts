import { SOCKET_VERSION, type DeltaMessage, type Exception, type Figures, type LookersMessage, type PartMessage, type SnapshotMessage, type StaleMessage, type Watch } from '@plumbline/contracts';
import type { FiguresSource } from './figures-source.ts';
import { LiveFigures } from './live-figures.ts';
import { LiveState, type StateStore } from './live-state.ts';
import { viewerOf, type Line, type SnapshotReason, type Viewer } from './viewer.ts';
import { watchingOf } from './watching.ts';

export interface HubLimits {
  /** Least time between two messages to one client; the first after a rest goes at once. */
  everyMs: number;
  /** A message unacknowledged for so long breaks the connection. */
  acknowledgeMs: number;
  /** Changes that deltas can be made from. */
  ring: number;
  /** A client that was told nothing for so long is told that there is nothing, as long as the store answers. */
  quietMs: number;
  /** Snapshots sent and not acknowledged; further clients wait for their turn. */
  snapshots: number;
  /** Exceptions of a snapshot in one message; the others follow in parts of as many. */
  part: number;
}

export const HUB_LIMITS: HubLimits = { everyMs: 100, acknowledgeMs: 30_000, ring: 10_000, quietMs: 5000, snapshots: 16, part: 100 };
/** A snapshot that is not acknowledged keeps the others waiting no longer than this. */
const TURN_MS = 2000;
/** Clients that are sent to before anything else is done. */
const AT_ONCE = 25;
/** A delta of more than so many exceptions is worth less than a snapshot, if that is smaller. */
const LONG_DELTA = 500;

export interface HubObserver {
  sent(kind: 'snapshot' | 'part' | 'delta' | 'lookers' | 'stale'): void;
  snapshot(reason: SnapshotReason): void;
  /** Figures are on their way that count an event which the log took at an instant, milliseconds UTC. */
  figuresSent(accepted: number): void;
}

export interface HubOptions {
  store: StateStore;
  figures: FiguresSource;
  logger: { warn(details: object, message: string): void };
  /** Monotonic milliseconds. */
  now: () => number;
  observe: HubObserver;
  limits?: Partial<HubLimits>;
}

/** What a client says when it joins. */
export interface Joining {
  after?: number | undefined;
  store?: string | undefined;
  watch: Watch;
  by?: string | undefined;
}

/**
 * The live state of one API process and its clients. A client has at most one message on its way; the next is made when
 * that one is acknowledged and its time has come, from what changed since: so a slow client costs nobody anything, and
 * nothing is kept for it but which exceptions it has never seen. One that has fallen out of the ring of changes gets a
 * snapshot: the most urgent at once, the others in parts that take no turn from the deltas.
 */
export class Hub {
  readonly #options: HubOptions;
  readonly #limits: HubLimits;
  readonly #state: LiveState;
  readonly #figures = new LiveFigures();
  readonly #viewers = new Set<Viewer>();
  /** Viewers whose snapshots are on their way, and those who wait for a turn, in order. */
  readonly #turns = new Map<Viewer, NodeJS.Timeout>();
  readonly #waiting = new Set<Viewer>();
  #unsubscribe: (() => void) | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  /** A round to all clients is under way, and another is to follow it. */
  #round: NodeJS.Immediate | undefined;
  #another = false;
  #stopped = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#limits = { ...HUB_LIMITS, ...options.limits };
    this.#state = new LiveState({
      store: options.store,
      logger: options.logger,
      now: options.now,
      ring: this.#limits.ring,
      changed: () => this.#pushAll(),
      restored: () => this.#restored(),
    });
  }

  start(): void {
    this.#state.start();
    this.#unsubscribe = this.#options.figures.subscribe((figures, accepted) => this.setFigures(figures, accepted));
    this.#heartbeat = setInterval(() => this.#beat(), this.#limits.quietMs / 5);
  }

  /** Tells every client, and forgets them; the connections are the caller's. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe?.();
    clearInterval(this.#heartbeat);
    clearImmediate(this.#round);
    const message: StaleMessage = { version: SOCKET_VERSION, reason: 'stopping', detail: 'The server stops; connect again and join.' };
    for (const viewer of [...this.#viewers]) {
      this.#stale(viewer.line, message);
      this.leave(viewer);
    }
    await this.#state.stop();
  }

  get change(): number {
    return this.#state.change;
  }

  get clients(): number {
    return this.#viewers.size;
  }

  /** Milliseconds for which the oldest message has been unacknowledged; 0: none is. */
  unacknowledgedMs(): number {
    let since = Infinity;
    for (const { unacknowledged } of this.#viewers) if (unacknowledged) since = Math.min(since, unacknowledged.since);
    return since === Infinity ? 0 : this.#options.now() - since;
  }

  /** Newer figures: each client gets the members that changed, when its time has come. */
  setFigures(figures: Figures, accepted?: number): void {
    if (!this.#stopped && this.#figures.set(figures, accepted)) this.#pushAll();
  }

  join(line: Line, joining: Joining): Viewer {
    const viewer = viewerOf(line, watchingOf(joining.watch));
    this.#viewers.add(viewer);
    this.#place(viewer, joining);
    this.#push(viewer);
    return viewer;
  }

  /** The same client joins again. */
  rejoin(viewer: Viewer, joining: Joining): void {
    viewer.watching = watchingOf(joining.watch);
    this.#place(viewer, joining);
    // Whether the message that is on its way was applied before the client asked is not known.
    if (viewer.unacknowledged) this.#needsSnapshot(viewer, 'rejoined');
    this.#push(viewer);
  }

  watch(viewer: Viewer, watch: Watch): void {
    const watching = watchingOf(watch);
    if (watching.key !== viewer.watching.key) this.#needsSnapshot(viewer, 'watch');
    if (watching.figures !== viewer.watching.figures) viewer.figures = 0;
    viewer.watching = watching;
    this.#push(viewer);
  }

  /** Who looks at the exception that this client looks at; only the last such message is kept. */
  lookers(viewer: Viewer, message: LookersMessage | undefined): void {
    viewer.lookers = message;
    this.#push(viewer);
  }

  leave(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    clearTimeout(viewer.timer);
    clearTimeout(viewer.unacknowledged?.late);
    this.#waiting.delete(viewer);
    this.#turnOver(viewer);
  }

  #place(viewer: Viewer, { after, store, by }: Joining): void {
    viewer.by = by;
    viewer.owed = true;
    viewer.figures = 0;
    viewer.has = after;
    viewer.reached = after ?? 0;
    if (after === undefined) this.#needsSnapshot(viewer, 'first');
    else this.#checkNumber(viewer, store);
  }

  /** A number that is higher than ours, or of another store, says nothing. */
  #checkNumber(viewer: Viewer, store: string | undefined): void {
    const state = this.#state;
    viewer.store = store;
    if (!state.ready || viewer.has === undefined) return;
    if (viewer.has > state.change || (store !== undefined && store !== state.store)) this.#needsSnapshot(viewer, 'ahead');
  }

  #needsSnapshot(viewer: Viewer, why: SnapshotReason): void {
    viewer.has = undefined;
    viewer.why = why;
    viewer.rest = [];
  }

  #restored(): void {
    for (const viewer of this.#viewers) if (viewer.has !== undefined) this.#needsSnapshot(viewer, 'restored');
  }

  /** Silence is to mean that nobody knows, not that nothing happens. */
  #beat(): void {
    const { quietMs, everyMs } = this.#limits;
    const before = this.#options.now() - quietMs;
    if (this.#state.readAt < before) return;
    for (const viewer of this.#viewers) {
      if (viewer.notBefore - everyMs > before) continue;
      viewer.owed = true;
      this.#push(viewer);
    }
  }

  /** To every client, some at a time: what else this process does, new connections above all, has its turn between. */
  #pushAll(): void {
    if (this.#round) this.#another = true;
    else this.#pushSome(this.#viewers.values());
  }

  #pushSome(viewers: Iterator<Viewer>): void {
    this.#round = undefined;
    for (let i = 0; i < AT_ONCE; i++) {
      const { done, value } = viewers.next();
      if (!done) this.#push(value);
      else if (!this.#another) return;
      else {
        this.#another = false;
        viewers = this.#viewers.values();
        break;
      }
    }
    if (!this.#stopped) this.#round = setImmediate(() => this.#pushSome(viewers));
  }

  #push(viewer: Viewer): void {
    if (this.#stopped || viewer.unacknowledged || !this.#viewers.has(viewer)) return;
    if (viewer.lookers) return this.#sendLookers(viewer, viewer.lookers);
    if (!this.#state.ready) return;
    const early = viewer.notBefore - this.#options.now();
    const news = this.#news(viewer);
    if (viewer.rest.length > 0 && (early > 0 || !news)) return this.#part(viewer);
    if (viewer.timer || !news) return;
    if (early > 0) {
      viewer.timer = setTimeout(() => {
        viewer.timer = undefined;
        this.#push(viewer);
      }, early);
      return;
    }
    this.#next(viewer);
  }

  #news({ has, owed, reached, figures, watching }: Viewer): boolean {
    return owed || has === undefined || reached !== this.#state.change || this.#figures.latest(watching.figures) > figures;
  }

  /** Sends what this client is to have next, if that is anything. */
  #next(viewer: Viewer): void {
    const { change, live, ring } = this.#state;
    this.#checkNumber(viewer, viewer.store);
    if (viewer.has === undefined) return this.#snapshot(viewer);
    const changed = ring.after(viewer.reached);
    if (!changed || changed.length > Math.max(LONG_DELTA, live.size)) {
      this.#needsSnapshot(viewer, 'behind');
      return this.#snapshot(viewer);
    }
    const exceptions = changed.filter((exception) => viewer.watching.sees(exception));
    const figures = this.#figures.after(viewer.watching.figures, viewer.figures);
    viewer.reached = change;
    // A client that is told nothing for long would fall out of the ring, and need a snapshot after its next disconnect.
    const refresh = change - viewer.has > this.#limits.ring / 4;
    if (exceptions.length === 0 && !figures && !viewer.owed && !refresh) return;
    const message: DeltaMessage = { version: SOCKET_VERSION, from: viewer.has, change, exceptions, figures };
    viewer.has = change;
    this.#told(viewer, false, (acknowledged) => viewer.line.send('delta', message, acknowledged));
    this.#options.observe.sent('delta');
  }

  #snapshot(viewer: Viewer): void {
    if (this.#turns.size >= this.#limits.snapshots) {
      this.#waiting.add(viewer);
      return;
    }
    const { change, live, store } = this.#state;
    const all: Exception[] = [];
    for (const exception of live.values()) if (viewer.watching.sees(exception)) all.push(exception);
    all.sort((one, other) => other.priority - one.priority);
    const exceptions = all.splice(0, this.#limits.part);
    viewer.rest = all.map(({ id }) => id);
    const figures = this.#figures.whole(viewer.watching.figures);
    const message: SnapshotMessage = { version: SOCKET_VERSION, store, change, exceptions, rest: all.length, figures };
    viewer.has = change;
    viewer.reached = change;
    viewer.store = store;
    this.#waiting.delete(viewer);
    this.#turns.set(viewer, setTimeout(() => this.#turnOver(viewer), TURN_MS));
    this.#told(viewer, true, (acknowledged) => viewer.line.send('snapshot', message, acknowledged));
    this.#options.observe.sent('snapshot');
    this.#options.observe.snapshot(viewer.why);
  }

  /** Goes between deltas as soon as the last message is acknowledged: the client sets the pace. */
  #part(viewer: Viewer): void {
    const { live } = this.#state;
    const exceptions: Exception[] = [];
    let at = 0;
    while (at < viewer.rest.length && exceptions.length < this.#limits.part) {
      const exception = live.get(viewer.rest[at++]!);
      if (exception) exceptions.push(exception);
    }
    viewer.rest = viewer.rest.slice(at);
    const message: PartMessage = { version: SOCKET_VERSION, exceptions, rest: viewer.rest.length };
    this.#send(viewer, false, (acknowledged) => viewer.line.send('part', message, acknowledged));
    this.#options.observe.sent('part');
  }

  #told(viewer: Viewer, snapshot: boolean, send: (acknowledged: () => void) => void): void {
    viewer.owed = false;
    const accepted = snapshot ? undefined : this.#figures.acceptedAfter(viewer.figures);
    if (accepted !== undefined && viewer.watching.figures !== 'none') this.#options.observe.figuresSent(accepted);
    viewer.figures = this.#figures.latest(viewer.watching.figures);
    viewer.notBefore = this.#options.now() + this.#limits.everyMs;
    this.#send(viewer, snapshot, send);
  }

  #sendLookers(viewer: Viewer, message: LookersMessage): void {
    viewer.lookers = undefined;
    this.#send(viewer, false, (acknowledged) => viewer.line.send('lookers', message, acknowledged));
    this.#options.observe.sent('lookers');
  }

  #send(viewer: Viewer, snapshot: boolean, send: (acknowledged: () => void) => void): void {
    const sent = { since: this.#options.now(), late: setTimeout(() => this.#late(viewer), this.#limits.acknowledgeMs), snapshot };
    viewer.unacknowledged = sent;
    send(() => {
      // Another acknowledgement of the same message, or one that comes after the client has gone, says nothing.
      if (viewer.unacknowledged !== sent) return;
      clearTimeout(sent.late);
      viewer.unacknowledged = undefined;
      if (snapshot) this.#turnOver(viewer);
      this.#push(viewer);
    });
  }

  #late(viewer: Viewer): void {
    this.leave(viewer);
    this.#stale(viewer.line, { version: SOCKET_VERSION, reason: 'behind', detail: `A message was not acknowledged within ${this.#limits.acknowledgeMs} ms; connect again and join.` });
    viewer.line.drop();
  }

  #stale(line: Line, message: StaleMessage): void {
    line.stale(message);
    this.#options.observe.sent('stale');
  }

  /** A snapshot has arrived, or takes too long to be waited for: the next in the queue gets its own. */
  #turnOver(viewer: Viewer): void {
    const turn = this.#turns.get(viewer);
    if (!turn) return;
    clearTimeout(turn);
    this.#turns.delete(viewer);
    for (const next of this.#waiting) {
      if (this.#turns.size >= this.#limits.snapshots) return;
      this.#waiting.delete(next);
      this.#push(next);
    }
  }
}
