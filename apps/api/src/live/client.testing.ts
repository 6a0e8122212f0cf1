import { SOCKET_PATH, SOCKET_VERSION, type DeltaMessage, type Exception, type Figures, type JoinMessage, type LookersMessage, type PartMessage, type SnapshotMessage, type StaleMessage, type Watch } from '@plumbline/contracts';
import { canonicalJson } from '@plumbline/kernel';
import { createHash } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';

export interface LiveClientOptions {
  watch?: Watch;
  by?: string;
  /** Kept rather than acknowledged until `goOn`. */
  hold?: boolean;
  version?: number;
}

const CLOSED = new Set(['resolved', 'cleared', 'dismissed']);

/** A client as the contract asks for it; what it must never see is counted in `faults`. */
export class LiveClient {
  readonly socket: Socket;
  readonly exceptions = new Map<string, Exception>();
  readonly snapshots: SnapshotMessage[] = [];
  readonly deltas: DeltaMessage[] = [];
  readonly lookers: LookersMessage[] = [];
  readonly stale: StaleMessage[] = [];
  readonly faults: string[] = [];
  figures: Partial<Figures> | null = null;
  change: number | undefined;
  /** Of the snapshot, still to come. */
  rest = 0;
  store: string | undefined;
  hold: boolean;
  /** Whether messages are kept; not for crowds. */
  keep = true;
  messages = 0;
  /** How often its connection ended, or was not made, by reason. */
  readonly breaks: Record<string, number> = {};
  readonly count = { snapshots: 0, parts: 0, deltas: 0 };
  watch: Watch;
  readonly #by: string | undefined;
  readonly #version: number;
  #held: (() => void) | undefined;

  constructor(url: string, { watch = { figures: 'tiles' }, by, hold = false, version = SOCKET_VERSION }: LiveClientOptions = {}) {
    this.watch = watch;
    this.hold = hold;
    this.#by = by;
    this.#version = version;
    this.socket = io(url, { path: SOCKET_PATH, transports: ['websocket'], forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 500 });
    this.socket.on('connect', () => this.join());
    // What came over a connection that is gone cannot be acknowledged any more: the next join asks for it again.
    this.socket.on('disconnect', (reason) => {
      this.#held = undefined;
      this.breaks[reason] = (this.breaks[reason] ?? 0) + 1;
    });
    this.socket.on('connect_error', ({ message }) => (this.breaks[message] = (this.breaks[message] ?? 0) + 1));
    this.socket.on('snapshot', (message: SnapshotMessage, done: () => void) => this.#take(done, () => this.#snapshot(message)));
    this.socket.on('part', (message: PartMessage, done: () => void) => this.#take(done, () => this.#part(message)));
    this.socket.on('delta', (message: DeltaMessage, done: () => void) => this.#take(done, () => this.#delta(message)));
    this.socket.on('lookers', (message: LookersMessage, done: () => void) => this.#take(done, () => this.lookers.push(message)));
    this.socket.on('stale', (message: StaleMessage) => this.stale.push(message));
  }

  join(): void {
    const join = { version: this.#version, watch: this.watch, ...(this.change === undefined || this.rest > 0 ? {} : { after: this.change, store: this.store }), ...(this.#by === undefined ? {} : { by: this.#by }) };
    this.socket.emit('join', join as JoinMessage);
  }

  rewatch(watch: Watch): void {
    this.watch = watch;
    this.socket.emit('watch', { version: SOCKET_VERSION, watch });
  }

  look(exceptionId: string | null): void {
    this.socket.emit('looking', { version: SOCKET_VERSION, exceptionId });
  }

  /** Acknowledges what it held, and everything from now on. */
  goOn(): void {
    this.hold = false;
    this.#held?.();
    this.#held = undefined;
  }

  /** The connection breaks, if there is one; Socket.IO makes another. */
  drop(): void {
    if (this.socket.connected) this.socket.io.engine.close();
  }

  close(): void {
    this.socket.disconnect();
  }

  /** Hash of the live exceptions it has, whatever their order. */
  get digest(): string {
    return digestOf(this.exceptions.values());
  }

  #take(done: () => void, apply: () => void): void {
    this.messages++;
    const go = (): void => {
      apply();
      done();
    };
    if (!this.hold) return go();
    if (this.#held) this.faults.push('a second message before the first was acknowledged');
    this.#held = go;
  }

  #snapshot(message: SnapshotMessage): void {
    this.count.snapshots++;
    if (this.keep) this.snapshots.push(message);
    this.exceptions.clear();
    for (const exception of message.exceptions) {
      if (CLOSED.has(exception.status)) this.faults.push(`snapshot ${message.change} has ${exception.id}, which is ${exception.status}`);
      this.exceptions.set(exception.id, exception);
    }
    this.change = message.change;
    this.rest = message.rest;
    this.store = message.store;
    this.figures = message.figures;
  }

  #part(message: PartMessage): void {
    this.count.parts++;
    if (message.rest >= this.rest) this.faults.push(`a part leaves ${message.rest} after ${this.rest}`);
    for (const exception of message.exceptions) {
      if (CLOSED.has(exception.status)) this.faults.push(`a part has ${exception.id}, which is ${exception.status}`);
      const known = this.exceptions.get(exception.id);
      if (!known || known.change < exception.change) this.exceptions.set(exception.id, exception);
    }
    this.rest = message.rest;
  }

  #delta(message: DeltaMessage): void {
    this.count.deltas++;
    if (this.keep) this.deltas.push(message);
    if (message.from !== this.change) this.faults.push(`a delta from ${message.from}, while it has ${this.change}`);
    let last = message.from;
    for (const exception of message.exceptions) {
      if (exception.change <= last) this.faults.push(`change ${exception.change} of ${exception.id} after ${last}`);
      last = exception.change;
      if (CLOSED.has(exception.status)) this.exceptions.delete(exception.id);
      else this.exceptions.set(exception.id, exception);
    }
    if (last > message.change) this.faults.push(`change ${last} in a delta up to ${message.change}`);
    this.change = message.change;
    if (message.figures) this.figures = { ...this.figures, ...(message.figures as Partial<Figures>) };
  }
}

export function digestOf(exceptions: Iterable<Exception>): string {
  const hash = createHash('sha256');
  for (const exception of [...exceptions].sort((a, b) => (a.id < b.id ? -1 : 1))) hash.update(canonicalJson(exception));
  return hash.digest('hex');
}

/** Waits until it holds. @throws when it does not within the time */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((again) => setTimeout(again, 10));
  }
}
