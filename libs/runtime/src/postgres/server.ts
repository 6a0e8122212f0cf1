import { PlumblineError } from '@plumbline/kernel';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { chooseAccount, spawnAs, type Account } from './account.ts';
import { postgresBinaries, type PostgresBinaries } from './binaries.ts';
import { checkDataDir, clusterOf, createCluster, passwordOf, ROLE } from './cluster.ts';
import { faultOf, inUse } from './faults.ts';
import { dropStaleLock, giveUpOwnership, livePostmaster, signalPostmaster, takeOwnership } from './ownership.ts';

/** The part of a pino logger used here. */
export interface PostgresLog {
  debug(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface PostgresOptions {
  /** Kept between runs; created when missing. */
  dataDir: string;
  /** Default: a free one. */
  port?: number;
  logger?: PostgresLog;
  /**
   * 'full' (default): a commit is on the disk when it returns. 'fast': it is with the operating system: outlives the
   * death of every process, not that of the machine. For throw-away instances and tests.
   */
  durability?: 'full' | 'fast';
  /** The server ended although nobody stopped it. */
  onExit?: (error: PlumblineError) => void;
}

export interface PostgresServer {
  /** Of the database `plumbline`, with its owner's password: not for logs. */
  url: string;
  port: number;
  /** Until nobody else is connected to it any more, or the signal. */
  idle(signal: AbortSignal): Promise<void>;
  /** Orderly; after `timeoutMs` (default 4 000) at once, which costs the next start a recovery but loses nothing. */
  stop(timeoutMs?: number): Promise<void>;
  /** As if by kill -9. */
  kill(): Promise<void>;
}

const IDLE_POLL_MS = 50;
const READY = 'database system is ready to accept connections';

/**
 * Starts the embedded PostgreSQL on loopback, creating its cluster on first use. A server left over by a process that
 * was killed is ended first; one whose process lives is never touched. If this process is killed, a watcher ends the
 * server.
 * @throws PlumblineError 'data-in-use' | 'data-other-version' | 'data-not-ours' | 'data-not-writable' | 'disk-full' |
 *   'port-in-use' | 'postgres-missing' | 'postgres-no-account' | 'postgres-failed'
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const dataDir = resolve(options.dataDir);
  const binaries = postgresBinaries();
  checkDataDir(dataDir, binaries.major);
  const abandoned = takeOwnership(dataDir);
  try {
    const server = new Server(dataDir, binaries, options);
    await server.start(abandoned);
    return server;
  } catch (error) {
    giveUpOwnership(dataDir);
    throw error instanceof PlumblineError ? error : faultOf(String(error), dataDir, error);
  }
}

class Server implements PostgresServer {
  port = 0;
  url = '';
  readonly #dataDir: string;
  readonly #cluster: string;
  readonly #binaries: PostgresBinaries;
  readonly #options: PostgresOptions;
  #child: ChildProcess | undefined;
  #watcher: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #stopping = false;
  #said = '';

  constructor(dataDir: string, binaries: PostgresBinaries, options: PostgresOptions) {
    this.#dataDir = dataDir;
    this.#cluster = clusterOf(dataDir);
    this.#binaries = binaries;
    this.#options = options;
  }

  async start(abandoned: boolean): Promise<void> {
    await this.#endOrphan(abandoned);
    const existing = existsSync(this.#cluster) ? this.#cluster : undefined;
    const account = chooseAccount(this.#binaries.postgres, existing ? this.#cluster : this.#dataDir, existing);
    const durable = this.#options.durability !== 'fast';
    if (!existing)
      await createCluster(this.#binaries, this.#dataDir, account, {
        durable,
        log: (line) => this.#options.logger?.debug(line),
      });
    await this.#launchPatiently(account);
    this.#watcher = watchOver(this.#child!.pid!, this.#cluster);
    this.url = `postgres://${ROLE}:${encodeURIComponent(passwordOf(this.#dataDir))}@127.0.0.1:${this.port}/${ROLE}`;
    try {
      await ensureDatabase(this.url);
    } catch (error) {
      await this.stop();
      throw faultOf(String(error), this.#dataDir, error);
    }
  }

  async idle(signal: AbortSignal): Promise<void> {
    const client = new pg.Client({ connectionString: this.url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      // Seen twice: a connection may just be exchanged for another.
      for (let alone = 0; alone < 2 && !signal.aborted; await pause(IDLE_POLL_MS)) {
        const { rows } = await client.query(`SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1`);
        alone = rows.length === 0 ? alone + 1 : 0;
      }
    } catch (error) {
      // A server that does not answer has nobody to be kept for.
      this.#options.logger?.debug(`who is connected cannot be asked: ${String(error)}`);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async stop(timeoutMs = 4_000): Promise<void> {
    await this.#end(['SIGINT', 'SIGQUIT', 'SIGKILL'], timeoutMs);
  }

  async kill(): Promise<void> {
    await this.#end(['SIGKILL'], 10_000);
  }

  async #end(signals: NodeJS.Signals[], timeoutMs: number): Promise<void> {
    this.#stopping = true;
    for (const signal of signals) {
      if (this.#child?.exitCode !== null || this.#child.signalCode !== null) break;
      this.#child.kill(signal);
      await within(this.#exited, timeoutMs);
    }
    await this.#exited;
    this.#watcher?.kill('SIGKILL');
    giveUpOwnership(this.#dataDir);
  }

  /** A live postmaster in our cluster: ours to end only if its owner is known to be gone. */
  async #endOrphan(abandoned: boolean): Promise<void> {
    const pid = livePostmaster(this.#cluster);
    if (pid === undefined) return dropStaleLock(this.#cluster);
    if (!abandoned) throw inUse(this.#dataDir, pid);
    this.#options.logger?.warn('ending the database server that an earlier run left behind');
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      signalPostmaster(this.#cluster, signal);
      for (let waited = 0; waited < 10_000; waited += 50) {
        if (livePostmaster(this.#cluster) === undefined) return dropStaleLock(this.#cluster);
        await pause(50);
      }
    }
    throw inUse(this.#dataDir, pid);
  }

  /** Tries again where a moment helps: the last server's children are still leaving, or a free port was taken. */
  async #launchPatiently(account: Account): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.port = this.#options.port ?? (await freePort());
      const fault = await this.#launch(account);
      if (!fault) return;
      const passing =
        fault.code === 'data-in-use' || (fault.code === 'port-in-use' && this.#options.port === undefined);
      if (!passing || attempt >= 40) throw fault;
      await pause(250);
    }
  }

  /** Resolves when the server takes connections, or with what stopped it. */
  #launch(account: Account): Promise<PlumblineError | undefined> {
    this.#said = '';
    const child = spawnAs(account, this.#binaries.postgres, this.#arguments(), {
      cwd: this.#cluster,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    this.#child = child;
    return new Promise((settle) => {
      let ready = false;
      child.on('error', (error) => settle(faultOf(String(error), this.#dataDir, error)));
      this.#exited = new Promise((exited) => {
        child.on('exit', () => {
          exited();
          if (ready) this.#ended();
        });
      });
      child.on('close', () => settle(faultOf(this.#said, this.#dataDir)));
      child.stderr?.on('data', (chunk: Buffer) => {
        this.#hear(chunk.toString('utf8'));
        if (ready || !this.#said.includes(READY)) return;
        ready = true;
        settle(undefined);
      });
    });
  }

  #hear(chunk: string): void {
    this.#said = (this.#said + chunk).slice(-16_384);
    const { logger } = this.#options;
    for (const line of chunk.split('\n')) {
      if (/No space left on device/.test(line))
        logger?.error(`database: ${line.trim()}; free some space on the disk of ${this.#dataDir}`);
      else if (/\b(PANIC|FATAL|ERROR|WARNING):/.test(line)) logger?.warn(`database: ${line.trim()}`);
      else if (line.trim()) logger?.debug(`database: ${line.trim()}`);
    }
  }

  #ended(): void {
    if (this.#stopping) return;
    this.#watcher?.kill('SIGKILL');
    giveUpOwnership(this.#dataDir);
    const fault = faultOf(this.#said, this.#dataDir);
    this.#options.logger?.error(`the database server ended: ${fault.message}`);
    this.#options.onExit?.(fault);
  }

  #arguments(): string[] {
    const settings = { ...SETTINGS, ...(this.#options.durability === 'fast' ? FAST : {}), port: String(this.port) };
    return ['-D', this.#cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  }
}

/** For one machine with two cores that the tower itself uses as well. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '80',
  shared_buffers: '256MB',
  work_mem: '16MB',
  maintenance_work_mem: '128MB',
  effective_cache_size: '1GB',
  synchronous_commit: 'on',
  wal_level: 'minimal',
  max_wal_senders: '0',
  wal_buffers: '16MB',
  min_wal_size: '128MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  max_parallel_workers_per_gather: '0',
  autovacuum_max_workers: '2',
  io_method: 'sync',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
  // A client that was killed must not hold its locks until a long statement ends.
  client_connection_check_interval: '1s',
};

const FAST: Record<string, string> = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '128MB',
  max_wal_size: '512MB',
  min_wal_size: '64MB',
};

/** Ends at our death, by whatever means, because then the pipe it reads from closes; checks that the server is still the same. */
function watchOver(postmaster: number, cluster: string): ChildProcess {
  const script =
    'trap "" INT TERM HUP; while read -r _; do :; done; read -r pid < "$2" && [ "$pid" = "$1" ] && kill -INT "$1"';
  const watcher = spawn(
    '/bin/sh',
    ['-c', script, 'plumbline-database-watcher', String(postmaster), join(cluster, 'postmaster.pid')],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
    },
  );
  watcher.on('error', () => undefined); // no shell: the next start ends an orphan all the same
  watcher.unref();
  (watcher.stdin as Socket | null)?.unref();
  return watcher;
}

async function ensureDatabase(url: string): Promise<void> {
  const admin = new URL(url);
  admin.pathname = '/postgres';
  const client = new pg.Client({ connectionString: admin.href });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [ROLE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${ROLE}`);
  } finally {
    await client.end();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}

/** Resolves when the promise does or after the time-out. */
async function within(promise: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([promise, new Promise((expired) => (timer = setTimeout(expired, timeoutMs)))]);
  clearTimeout(timer);
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.on('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => found(port));
    });
  });
}
