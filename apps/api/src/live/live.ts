import { SOCKET_VERSION, type DeltaMessage, type LookersMessage, type PartMessage, type SnapshotMessage, type StaleMessage, type Watch } from '@plumbline/contracts';
import type { Store } from '@plumbline/ports';
import { randomUUID } from 'node:crypto';
import type { Server, Socket } from 'socket.io';
import type { FiguresSource } from './figures-source.ts';
import { Hub, type HubLimits, type Joining } from './hub.ts';
import type { LiveMetrics } from './live-metrics.ts';
import { Presence, type Announcement } from './presence.ts';
import type { Line, Viewer } from './viewer.ts';

/** Injection token. */
export const LIVE = Symbol('live');

type FromClients = Record<string, (message: unknown) => void>;
interface ToClients {
  snapshot(message: SnapshotMessage, applied: () => void): void;
  part(message: PartMessage, applied: () => void): void;
  delta(message: DeltaMessage, applied: () => void): void;
  lookers(message: LookersMessage, applied: () => void): void;
  stale(message: StaleMessage): void;
}
interface BetweenServers {
  presence(announcement: Announcement): void;
}
export type LiveServer = Server<FromClients, ToClients, BetweenServers>;
export type LiveSocket = Socket<FromClients, ToClients, BetweenServers>;

export interface LiveOptions {
  store: Store;
  figures: FiguresSource;
  metrics: LiveMetrics;
  logger: { warn(details: object, message: string): void };
  limits?: Partial<HubLimits> | undefined;
}

/** What was sent last has so long to leave before the connections are closed. */
const FLUSH_MS = 50;
const monotonic = (): number => performance.now();

/** The live channel of one API process: the hub, who looks at what, and the sockets of both. */
export class Live {
  readonly hub: Hub;
  readonly #presence: Presence<Viewer>;
  readonly #viewers = new Map<string, Viewer>();
  readonly #metrics: LiveMetrics;
  #server: LiveServer | undefined;

  constructor({ store, figures, metrics, logger, limits = {} }: LiveOptions) {
    this.#metrics = metrics;
    this.hub = new Hub({ store, figures, logger, now: monotonic, observe: metrics, limits });
    metrics.follow(this.hub);
    this.#presence = new Presence({
      replica: randomUUID(),
      now: monotonic,
      announce: (announcement) => this.#server?.serverSideEmit('presence', announcement),
      tell: (viewer, exceptionId, names) => this.hub.lookers(viewer, { version: SOCKET_VERSION, exceptionId, names }),
    });
  }

  start(): void {
    this.hub.start();
  }

  /** Tells the clients that it stops; the adapter closes their connections. */
  async stop(): Promise<void> {
    this.#presence.close();
    const told = this.hub.clients > 0;
    await this.hub.stop();
    if (told) await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
  }

  open(server: LiveServer): void {
    this.#server = server;
    server.on('presence', (announcement) => this.#presence.hear(announcement));
  }

  joined(socket: LiveSocket, joining: Joining): void {
    const viewer = this.#viewers.get(socket.id);
    if (viewer) this.hub.rejoin(viewer, joining);
    else this.#viewers.set(socket.id, this.hub.join(lineOf(socket), joining));
  }

  watches(socket: LiveSocket, watch: Watch): void {
    const viewer = this.#viewerOf(socket);
    if (viewer) this.hub.watch(viewer, watch);
  }

  looks(socket: LiveSocket, exceptionId: string | null): void {
    const viewer = this.#viewerOf(socket);
    if (!viewer) return;
    // What it was about to be told of another exception is of no use any more.
    this.hub.lookers(viewer, undefined);
    this.#presence.look(viewer, viewer.by, exceptionId);
  }

  left(socket: LiveSocket): void {
    const viewer = this.#viewers.get(socket.id);
    if (!viewer) return;
    this.#viewers.delete(socket.id);
    this.#presence.look(viewer, viewer.by, null);
    this.hub.leave(viewer);
  }

  /** A client of another version is not spoken to any more: it would only ask again. */
  refuse(socket: LiveSocket, why: StaleMessage): void {
    socket.emit('stale', why);
    this.#metrics.sent('stale');
    if (why.reason === 'version') socket.disconnect(true);
  }

  #viewerOf(socket: LiveSocket): Viewer | undefined {
    const viewer = this.#viewers.get(socket.id);
    if (!viewer) this.refuse(socket, { version: SOCKET_VERSION, reason: 'unfit', detail: 'Join first.' });
    return viewer;
  }
}

const lineOf = (socket: LiveSocket): Line => ({
  send: (name: 'snapshot' | 'part' | 'delta' | 'lookers', message: SnapshotMessage & PartMessage & DeltaMessage & LookersMessage, acknowledged: () => void) =>
    void socket.emit(name, message, acknowledged),
  stale: (message) => void socket.emit('stale', message),
  // Not a Socket.IO disconnect: after that a client does not connect again by itself.
  drop: () => void setTimeout(() => socket.conn.close(true), FLUSH_MS),
});
