import { PlumblineError } from '@plumbline/kernel';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultOf } from './faults.ts';
import { startPostgres, type PostgresServer } from './server.ts';

const root = mkdtempSync(join(tmpdir(), 'plumbline-server-test-'));
chmodSync(root, 0o711);
const running = new Set<PostgresServer>();

async function start(name: string): Promise<PostgresServer> {
  const server = await startPostgres({ dataDir: join(root, name), durability: 'fast' });
  running.add(server);
  return server;
}

async function query(server: PostgresServer, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows.map((row) => Object.values(row)[0]);
  } finally {
    await client.end();
  }
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof PlumblineError ? error.code : String(error)),
  );

const owner = (name: string) => join(root, name, 'owner.json');

afterAll(async () => {
  for (const server of running) await server.stop();
  rmSync(root, { recursive: true, force: true });
});

describe('the embedded server', () => {
  beforeAll(async () => {
    const server = await start('kept');
    await query(server, 'CREATE TABLE marks AS SELECT 1 AS id');
    await server.stop();
  });

  it('keeps its data between runs, is orderly and loopback only, and hides its password', async () => {
    const server = await start('kept');
    expect(await query(server, 'SELECT id FROM marks')).toEqual([1]);
    expect(await query(server, 'SHOW listen_addresses')).toEqual(['127.0.0.1']);
    expect(statSync(join(root, 'kept', 'password')).mode & 0o777).toBe(0o600);
    const open = new URL(server.url);
    open.password = 'wrong';
    await expect(query({ ...server, url: open.href }, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    await server.stop();
    await server.stop();
    expect(existsSync(owner('kept'))).toBe(false);
  });

  it('refuses data another instance is using', async () => {
    const server = await start('kept');
    expect(await codeOf(start('kept'))).toBe('data-in-use');
    expect(await query(server, 'SELECT 1')).toEqual([1]);
    await server.stop();
  });

  it('is idle when nobody else is connected, or nobody waits for that any more', async () => {
    const server = await start('kept');
    const other = new pg.Client({ connectionString: server.url });
    await other.connect();
    const told: string[] = [];
    const waiting = server.idle(new AbortController().signal).then(() => told.push('idle'));
    await server.idle(AbortSignal.timeout(300));
    told.push('given up');
    await other.end();
    await waiting;
    expect(told).toEqual(['given up', 'idle']);
    await server.stop();
  });

  it('recovers after kill -9 of the server', async () => {
    const first = await start('kept');
    await query(first, 'INSERT INTO marks VALUES (2)');
    await first.kill();
    const second = await start('kept');
    expect(await query(second, 'SELECT id FROM marks ORDER BY id')).toEqual([1, 2]);
    await second.stop();
  });

  it('ends the server that a killed process left behind', async () => {
    const first = await start('kept');
    const pid = Number(readFileSync(join(root, 'kept', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
    const gone = spawn('/bin/sh', ['-c', 'exit 0']);
    await new Promise((ended) => gone.on('exit', ended));
    writeFileSync(owner('kept'), JSON.stringify({ pid: gone.pid, began: 'before' }));
    const second = await start('kept');
    expect(() => process.kill(pid, 0)).toThrow();
    expect(await query(second, 'SELECT 1')).toEqual([1]);
    running.delete(first);
    await second.stop();
  });

  it('is not fooled by a lock file whose process id belongs to someone else now', async () => {
    writeFileSync(
      join(root, 'kept', 'cluster', 'postmaster.pid'),
      `${process.pid}\n${join(root, 'kept', 'cluster')}\n`,
    );
    const server = await start('kept');
    expect(await query(server, 'SELECT 1')).toEqual([1]);
    await server.stop();
  });

  it('says when it ended unasked', async () => {
    let said: PlumblineError | undefined;
    const server = await startPostgres({
      dataDir: join(root, 'kept'),
      durability: 'fast',
      onExit: (error) => (said = error),
    });
    running.add(server);
    process.kill(
      Number(readFileSync(join(root, 'kept', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]),
      'SIGQUIT',
    );
    await expect.poll(() => said?.code, { timeout: 10_000 }).toBe('postgres-failed');
    await server.stop();
  });

  it('creates the cluster anew when its creation was cut short', async () => {
    mkdirSync(join(root, 'short', 'cluster.new', 'base'), { recursive: true });
    chmodSync(join(root, 'short'), 0o711);
    writeFileSync(join(root, 'short', 'cluster.new', 'PG_VERSION'), '18\n');
    const server = await start('short');
    expect(await query(server, 'SELECT 1')).toEqual([1]);
    await server.stop();
  });
});

describe('a data directory that cannot be used', () => {
  it('of another major version', async () => {
    mkdirSync(join(root, 'old', 'cluster'), { recursive: true });
    writeFileSync(join(root, 'old', 'cluster', 'PG_VERSION'), '15\n');
    const error = await startPostgres({ dataDir: join(root, 'old') }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'data-other-version', where: join(root, 'old') });
    expect((error as PlumblineError).message).toContain('15');
  });

  it('of a cluster that is not ours', async () => {
    mkdirSync(join(root, 'foreign'));
    writeFileSync(join(root, 'foreign', 'PG_VERSION'), '18\n');
    expect(await codeOf(startPostgres({ dataDir: join(root, 'foreign') }))).toBe('data-not-ours');
  });

  it('that is a file, or below one', async () => {
    writeFileSync(join(root, 'file'), '');
    expect(await codeOf(startPostgres({ dataDir: join(root, 'file', 'data') }))).toBe('data-not-writable');
    expect(await codeOf(startPostgres({ dataDir: join(root, 'file') }))).toBe('data-not-writable');
  });

  it.each([
    ['initdb: error: could not write file "x": No space left on device', 'disk-full'],
    ['FATAL:  could not write lock file "postmaster.pid": No space left on device', 'disk-full'],
    ['FATAL:  lock file "postmaster.pid" already exists', 'data-in-use'],
    ['LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', 'port-in-use'],
    ['FATAL:  database files are incompatible with server', 'data-other-version'],
    ['FATAL:  data directory "x" has wrong ownership', 'data-not-writable'],
    ['FATAL:  something else', 'postgres-failed'],
  ])('%s', (said, code) => {
    const fault = faultOf(said, 'x');
    expect(fault.code).toBe(code);
    expect(fault.fix).toBeTruthy();
  });
});
