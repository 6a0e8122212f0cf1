import type {
  DeltaMessage,
  Exception,
  Figures,
  JoinMessage,
  LookersMessage,
  PartMessage,
  SnapshotMessage,
  StaleMessage,
  Watch,
} from '@plumbline/contracts';
import { io, type Socket } from 'socket.io-client';
import { nothing, withDeltas, withoutLeft, withPart, withSnapshot, type Known } from './merge.ts';
import { overlay, withOverlay, type Overlay } from './overlay.ts';

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'stopped';

/** Longest wait for the first snapshot before the rest of the page is asked for, milliseconds. */
const PATIENCE = 1_500;
/** What is not needed for the first rows leaves a slow machine so long to answer the first hand, milliseconds. */
const FIRST_HAND = 300;
const VERSION = 2;
const PATH = '/live';
/** Without a word for so long the figures on the page are called stale, milliseconds. */
const QUIET = 10_000;
/** A hidden page draws no frames; it applies what came this often, so that its title stays true. */
const HIDDEN = 500;
/** While a long snapshot comes in, more of it is drawn this often at least, milliseconds. */
const FILLING = 250;

type Pending =
  | { kind: 'snapshot'; message: SnapshotMessage; applied: () => void }
  | { kind: 'delta'; message: DeltaMessage; applied: () => void };

/**
 * The tower as this page knows it: a snapshot at a change number and the deltas behind it. One instance a page; every
 * component reads it, nobody else writes it.
 */
export class Live {
  connection = $state<Connection>('connecting');
  /** Milliseconds UTC (viewer's clock) since which nothing is heard; undefined while live. */
  staleSince = $state<number | undefined>();
  /** Everything that is not closed, and what closed in the last seconds. Replaced as a whole by each message. */
  exceptions = $state.raw<ReadonlyMap<string, Exception>>(new Map());
  figures = $state.raw<Figures | null>(null);
  /** Change number of the last message. */
  change = $state(0);
  /** False until the first snapshot has been applied. */
  joined = $state(false);
  /** When the first snapshot is on screen, or is too long in coming: what is not needed for it waits until then. */
  readonly drawn: Promise<void>;
  #drawn: () => void = () => undefined;

  constructor() {
    this.drawn = new Promise((resolve) => (this.#drawn = resolve));
    setTimeout(this.#drawn, PATIENCE);
  }
  /** Of a long snapshot, how many exceptions are still on their way. */
  rest = $state(0);
  /** Why the page must be loaded again: the server speaks another version. */
  outdated = $state<string | undefined>();
  /** Viewer's clock at the last message, milliseconds. */
  heardAt = $state(0);
  /** How old the figures on the page are on average, milliseconds: half the mean pause between messages. */
  behind = $state(0);
  /** Who has the exception on screen that this page looks at, this viewer too. */
  lookers = $state.raw<{ exceptionId: string; names: readonly string[] } | undefined>();

  #known: Known = nothing;
  #overlays: readonly Overlay[] = [];
  #pending: Pending[] = [];
  #scheduled = false;
  /** Parts of a snapshot have come that are not on screen. */
  #filled = false;
  #socket: Socket | undefined;
  #store: string | undefined;
  #name: string | undefined;
  #looking: string | null = null;
  /** How many on this page want the cells of the heat map. */
  #cells = 0;
  readonly #unheardListeners = new Set<(overlays: readonly Overlay[]) => void>();

  /** Event time: the last tick, else undefined. */
  get now(): number | undefined {
    return this.figures ? Date.parse(this.figures.tick) : undefined;
  }

  /** Numbers on the page are of the past: nothing is heard, or the connection is away. */
  get stale(): boolean {
    return this.staleSince !== undefined;
  }

  /** Connects, and stays connected until the returned function is called. */
  start(): () => void {
    const socket = io({ path: PATH, transports: ['websocket'], reconnectionDelay: 250, reconnectionDelayMax: 4_000 });
    this.#socket = socket;
    this.#listen(socket);
    const watch = setInterval(() => this.#watchdog(), 1_000);
    const offline = (): void => this.#lost();
    const online = (): void => void (socket.connected || socket.connect());
    const visible = (): void => this.#flush();
    addEventListener('offline', offline);
    addEventListener('online', online);
    document.addEventListener('visibilitychange', visible);
    return () => {
      clearInterval(watch);
      removeEventListener('offline', offline);
      removeEventListener('online', online);
      document.removeEventListener('visibilitychange', visible);
      socket.disconnect();
      this.connection = 'stopped';
    };
  }

  /** Shows a command as done before the server says so. */
  lay(one: Overlay): void {
    this.#overlays = withOverlay(this.#overlays, one);
    this.#show();
  }

  /** Takes back what was laid by these events. */
  lift(eventIds: ReadonlySet<string>): void {
    this.#overlays = this.#overlays.filter(({ eventId }) => !eventIds.has(eventId));
    this.#show();
  }

  /** Called with commands that were accepted and yet never showed. */
  onUnheard(listener: (overlays: readonly Overlay[]) => void): () => void {
    this.#unheardListeners.add(listener);
    return () => this.#unheardListeners.delete(listener);
  }

  /** What the server last said of one exception, without what was laid over it. */
  confirmed(id: string): Exception | undefined {
    return this.#known.exceptions.get(id);
  }

  /** Tells others which exception this page has on screen; null: none. */
  look(exceptionId: string | null): void {
    if (this.#looking === exceptionId) return;
    this.#looking = exceptionId;
    this.lookers = undefined;
    this.#sayLooking();
  }

  /** The viewer's name, as others see it. */
  introduce(name: string): void {
    if (this.#name === name) return;
    this.#name = name;
    if (this.#socket?.connected) this.#join();
  }

  /** Asks for the cells of the heat map too, until the returned function is called. */
  watchCells(): () => void {
    if (this.#cells++ === 0) this.#sayWatch();
    let released = false;
    return () => {
      if (released) return;
      released = true;
      if (--this.#cells === 0) this.#sayWatch();
    };
  }

  #listen(socket: Socket): void {
    socket.on('connect', () => this.#join());
    socket.on('disconnect', (reason) => {
      this.#lost();
      // The server closed it on purpose; Socket.IO leaves it to us to come back.
      if (reason === 'io server disconnect' && !this.outdated) setTimeout(() => socket.connect(), 500);
    });
    socket.on('connect_error', () => this.#lost());
    socket.on('snapshot', (message: SnapshotMessage, acknowledge?: () => void) =>
      this.#take({ kind: 'snapshot', message, applied: acknowledge ?? (() => undefined) }),
    );
    socket.on('part', (message: PartMessage, acknowledge?: () => void) =>
      this.#takePart(message, acknowledge ?? (() => undefined)),
    );
    socket.on('delta', (message: DeltaMessage, acknowledge?: () => void) =>
      this.#take({ kind: 'delta', message, applied: acknowledge ?? (() => undefined) }),
    );
    socket.on('stale', (message: StaleMessage) => this.#onStale(message));
    socket.on('lookers', ({ exceptionId, names }: LookersMessage, acknowledge?: () => void) => {
      if (exceptionId === this.#looking) this.lookers = { exceptionId, names };
      acknowledge?.();
    });
  }

  get #watch(): Watch {
    return { figures: this.#cells > 0 ? 'all' : 'tiles' };
  }

  #join(): void {
    this.#pending = [];
    const after = this.#known.rest > 0 ? undefined : this.#known.change;
    const join: JoinMessage = { version: VERSION, watch: this.#watch };
    if (after !== undefined) join.after = after;
    if (this.#store !== undefined) join.store = this.#store;
    if (this.#name !== undefined) join.by = this.#name;
    this.#socket?.emit('join', join);
    if (this.#looking !== null) this.#sayLooking();
  }

  #sayLooking(): void {
    if (this.#socket?.connected) this.#socket.emit('looking', { version: VERSION, exceptionId: this.#looking });
  }

  #sayWatch(): void {
    if (this.#socket?.connected) this.#socket.emit('watch', { version: VERSION, watch: this.#watch });
  }

  #onStale({ reason, detail }: StaleMessage): void {
    if (reason === 'version' || reason === 'unfit') {
      this.outdated = detail;
      this.#socket?.disconnect();
    }
    this.#lost();
  }

  #lost(): void {
    if (this.connection === 'live') this.connection = 'reconnecting';
    this.staleSince ??= this.heardAt || Date.now();
  }

  /** Nothing in it is news: it is taken in at once, and seen when there is something else to draw, or in a while. */
  #takePart(message: PartMessage, applied: () => void): void {
    this.#known = withPart(this.#known, message);
    this.#filled = true;
    applied();
    if (message.rest === 0 || Date.now() - this.heardAt >= FILLING) this.#schedule();
  }

  #take(pending: Pending): void {
    this.#pending.push(pending);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (document.hidden) setTimeout(() => this.#flush(), HIDDEN);
    else requestAnimationFrame(() => this.#flush());
  }

  /** Everything that came since the last frame, in one go; only then is the server told that it may send more. */
  #flush(): void {
    this.#scheduled = false;
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length === 0 && !this.#filled) return;
    this.#filled = false;
    const now = Date.now();
    let known = this.#known;
    let gap = false;
    for (let at = 0; at < pending.length && !gap; ) {
      const first = pending[at]!;
      if (first.kind === 'snapshot') {
        this.#store = first.message.store;
        known = withSnapshot(known, first.message);
        at++;
        continue;
      }
      const deltas: DeltaMessage[] = [];
      for (let next = pending[at]; next?.kind === 'delta'; next = pending[++at]) deltas.push(next.message);
      const merged = withDeltas(known, deltas, now);
      known = merged.known;
      gap = 'gap' in merged;
    }
    this.#known = withoutLeft(known, now);
    this.#heard(now);
    this.#show();
    for (const { applied } of pending) applied();
    if (gap) this.#join();
  }

  #heard(now: number): void {
    const pause = Math.min(now - this.heardAt, QUIET);
    this.behind = this.joined ? this.behind * 0.8 + (pause / 2) * 0.2 : 0;
    this.heardAt = now;
    this.staleSince = undefined;
    this.connection = 'live';
    if (!this.joined) requestAnimationFrame(() => setTimeout(this.#drawn, FIRST_HAND));
    this.joined = true;
  }

  #show(): void {
    const laid = overlay(this.#known.exceptions, this.#overlays, this.connection === 'live' ? Date.now() : 0);
    this.#overlays = laid.overlays;
    this.exceptions = laid.exceptions;
    this.figures = this.#known.figures;
    this.rest = this.#known.rest;
    this.change = this.#known.change ?? this.change;
    if (laid.unheard.length > 0) for (const listener of this.#unheardListeners) listener(laid.unheard);
  }

  #watchdog(): void {
    const now = Date.now();
    if (this.connection === 'live' && now - this.heardAt > QUIET) this.staleSince ??= this.heardAt;
    const left = withoutLeft(this.#known, now);
    const overdue = this.#overlays.some(({ until }) => until <= now);
    if (left === this.#known && !overdue) return;
    this.#known = left;
    this.#show();
  }
}

export const live = new Live();
