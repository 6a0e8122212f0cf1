import { IoAdapter } from '@nestjs/platform-socket.io';
import type { IncomingHttpHeaders, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { constants } from 'node:zlib';
import { Server, type ServerOptions } from 'socket.io';
import type { Replicas } from './replicas.ts';

export interface LiveAdapterOptions {
  server: HttpServer;
  /** Why a handshake is refused; undefined: it is not. */
  refused: (headers: IncomingHttpHeaders) => string | undefined;
  /** Absent: this process has no replicas. */
  replicas: Replicas | undefined;
}

/** A client says little; it is not to make us hold much. */
const INCOMING_BYTES = 256 * 1024;
/** Deltas below this go as they are: compressing them would cost more time than it saves. */
const COMPRESS_BYTES = 16 * 1024;
/** Clients have so long to close their side. */
const CLOSE_MS = 300;

type NestServer = ReturnType<IoAdapter['createIOServer']>;

const OPTIONS: Partial<ServerOptions> = {
  // One connection that stays, so that replicas need no sticky sessions.
  transports: ['websocket'],
  serveClient: false,
  maxHttpBufferSize: INCOMING_BYTES,
  pingInterval: 10_000,
  pingTimeout: 15_000,
  // No context kept between messages: its memory would be there for every client all the time.
  perMessageDeflate: {
    threshold: COMPRESS_BYTES,
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    zlibDeflateOptions: { level: constants.Z_BEST_SPEED },
  },
};

/** Socket.IO on the API's own HTTP server, under the same rules for hosts and origins. */
export class LiveAdapter extends IoAdapter {
  readonly #options: LiveAdapterOptions;
  readonly #upgraded = new Set<Duplex>();

  constructor(options: LiveAdapterOptions) {
    super(options.server);
    this.#options = options;
    options.server.on('upgrade', (_request, socket: Duplex) => {
      this.#upgraded.add(socket);
      socket.once('close', () => this.#upgraded.delete(socket));
    });
  }

  override createIOServer(_port: number, options: object = {}): NestServer {
    const { server, refused, replicas } = this.#options;
    const created = new Server(server, {
      ...options,
      ...OPTIONS,
      allowRequest: ({ headers }, answer) => {
        const why = refused(headers);
        answer(why, why === undefined);
      },
      ...(replicas ? { adapter: replicas.adapter } : {}),
    });
    // Nest brings a Socket.IO of its own, whose types are others though all that Nest calls is there.
    return created as unknown as NestServer;
  }

  /** Ends the connections and what listens; the HTTP server is the API's to close. */
  override async close(server: NestServer): Promise<void> {
    await server.of('/').adapter.close();
    server.engine.close();
    const closed = [...this.#upgraded].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    await Promise.race([Promise.all(closed), new Promise((resolve) => setTimeout(resolve, CLOSE_MS))]);
    for (const socket of this.#upgraded) socket.destroy();
    await this.#options.replicas?.close();
  }
}
