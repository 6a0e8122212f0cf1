import { digestSchema, replaySummarySchema } from '@plumbline/contracts';
import { build, type BuildOptions } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** The CLI as it is started by people: the built bundle in a process of its own, on data of its own. */
const tower = dirname(createRequire(import.meta.url).resolve('@plumbline/tower/package.json'));
const root = join(tower, '../..');
const bundle = join(root, 'dist', 'run', `cli-test-${process.pid}`);
const folder = mkdtempSync(join(tmpdir(), 'plumbline-cli-'));
const data = join(folder, 'data');
const running = new Set<ChildProcess>();

beforeAll(async () => {
  chmodSync(folder, 0o711); // under root PostgreSQL runs as another account, which has to pass
  const { bundleOptions } = (await import(pathToFileURL(join(tower, 'bin', 'bundle.mjs')).href)) as { bundleOptions(root: string): BuildOptions };
  await build({ ...bundleOptions(root), sourcemap: false, splitting: true, entryPoints: { main: join(tower, 'src', 'main.ts') }, outdir: bundle, outExtension: { '.js': '.mjs' } });
});

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  rmSync(bundle, { recursive: true, force: true });
});

interface Result {
  code: number | null;
  out: string;
  err: string;
  meanwhile?: Result;
}

interface Run {
  /** Ends it by Ctrl-C when what it printed fits, after what is done meanwhile. */
  until?: RegExp;
  meanwhile?: () => Promise<Result>;
}

function cli(args: readonly string[], { until, meanwhile }: Run = {}): Promise<Result> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PLUMBLINE_')));
  const child = spawn(process.execPath, [join(bundle, 'main.mjs'), ...args], { env: { ...inherited, PLUMBLINE_DATA: data } });
  running.add(child);
  const result: Result = { code: null, out: '', err: '' };
  let asked = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    result.out += text;
    if (asked || !until?.test(result.out)) return;
    asked = true;
    void Promise.resolve(meanwhile?.()).then((other) => {
      if (other) result.meanwhile = other;
      child.kill('SIGINT');
    });
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (result.err += text));
  child.stdin.end();
  return new Promise((done) => {
    child.on('close', (code) => {
      running.delete(child);
      done({ ...result, code });
    });
  });
}

it('prints help without loading what the commands need, and refuses wrong usage', async () => {
  const [help, wrong] = await Promise.all([cli(['--help']), cli(['exceptions', 'dismiss', 'X-1'])]);
  expect(help).toMatchObject({ code: 0, err: '' });
  expect(help.out).toContain('Usage: plumbline');
  expect(wrong).toMatchObject({ code: 2, out: '' });
  expect(wrong.err).toContain('--reason');
});

it('starts the tower, which no second one may join, and stops it at Ctrl-C', async () => {
  const first = cli(['start', '--port', '0', '--no-demo'], { until: /http:[^]*Ctrl-C/, meanwhile: () => cli(['start', '--port', '0']) });
  const { code, out, meanwhile } = await first;
  expect(code).toBe(0);
  expect(out).toContain('Stopping');
  expect(meanwhile).toMatchObject({ code: 1 });
  for (const part of ['another instance', 'what to do']) expect(meanwhile?.err).toContain(part);
});

it('starts the database for a command when no tower runs, and for several at once', async () => {
  const [digest, unknown] = await Promise.all([cli(['digest', '--json']), cli(['exceptions', 'ack', 'X-9'])]);
  expect(digest).toMatchObject({ code: 0, err: '' });
  digestSchema.parse(JSON.parse(digest.out));
  expect(unknown).toMatchObject({ code: 3, out: '' });
  expect(unknown.err).toContain('There is no exception X-9');
});

it('replays a file on a throw-away instance', async () => {
  const sales = join(folder, 'sales.csv');
  writeFileSync(sales, `article;store;at;pieces;net\r\n${Array.from({ length: 40 }, (_, i) => `A;S;2026-01-0${1 + (i % 9)} 10:${10 + i};1;2,50\r\n`).join('')}A;S;never;1;2,50\r\n`);
  const options = ['--isolated', '--plan', 'none', '--json'];
  const [done, header, missing] = await Promise.all([
    cli(['replay', sales, '--map', 'sku=article,location=store,time=at,quantity=pieces,price=net', ...options]),
    cli(['replay', sales, '--map', 'sku=artikel,location=store,time=at,quantity=pieces', ...options]),
    cli(['replay', join(folder, 'none.csv'), ...options]),
  ]);
  expect([done.code, header.code, missing.code]).toEqual([0, 4, 3]);
  expect(replaySummarySchema.parse(JSON.parse(done.out))).toMatchObject({ linesRead: 41, accepted: 40, duplicates: 0 });
  expect(header.err).toContain('artikel');
});
