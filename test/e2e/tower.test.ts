import { build } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const bundle = join(root, 'dist', `e2e-${process.pid}.mjs`);
const data = mkdtempSync(join(tmpdir(), 'plumbline-e2e-'));
const running = new Set<ChildProcess>();

/** The command a person starts, as a process of its own on this test's data. */
class Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number>;
  output = '';

  constructor(env: Record<string, string>, ...args: string[]) {
    this.child = spawn(process.execPath, ['--enable-source-maps', bundle, ...args], {
      cwd: root,
      env: { ...process.env, PLUMBLINE_DATA: data, PLUMBLINE_DEMO: 'off', PLUMBLINE_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.child);
    const hear = (chunk: Buffer): void => void (this.output += chunk.toString('utf8'));
    this.child.stdout!.on('data', hear);
    this.child.stderr!.on('data', hear);
    this.ended = new Promise((done) => this.child.on('exit', (code) => {
      running.delete(this.child);
      done(code ?? -1);
    }));
  }

  /** Resolves with the first match in what it prints; rejects when it ends before. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (let ended = false; ; ) {
      const match = pattern.exec(this.output);
      if (match) return match;
      if (ended) throw new Error(`ended without saying ${pattern}:\n${this.output}`);
      ended = await Promise.race([this.ended.then(() => true), new Promise<boolean>((again) => setTimeout(() => again(false), 50))]);
    }
  }
}

const RUNS = /Plumbline runs at (http:\S+?),/;

beforeAll(async () => {
  const { bundleOptions } = await import(join(root, 'apps/tower/bin/bundle.mjs'));
  await build({ ...bundleOptions(root), entryPoints: [join(root, 'apps/tower/src/main.ts')], outfile: bundle });
});

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(bundle, { force: true });
  rmSync(data, { recursive: true, force: true });
});

const event = (id: string, sku = '4711'): string =>
  JSON.stringify({
    specversion: '1.0', id, source: 'urn:test:till', type: 'pos.sale', time: new Date().toISOString(),
    data: { sku, location: 'LYS', quantity: '1', price: '2.55', currency: 'EUR' },
  });

async function post(url: string, body: string): Promise<number> {
  const answer = await fetch(`${url}/api/v1/events`, { method: 'POST', headers: { 'content-type': 'application/cloudevents+json' }, body });
  return answer.status;
}

async function accepted(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(/^plumbline_events_accepted_total\{kind="sale"\} (\d+)/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come about within 20 s');
    await new Promise((again) => setTimeout(again, 100));
  }
}

describe('the tower as a process', () => {
  it('starts, takes events, refuses company, stops at once, and goes on from what was kept', { timeout: 120_000 }, async () => {
    const tower = new Started({}, 'start');
    const url = (await tower.says(RUNS))[1]!;
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect(await post(url, event('1'))).toBeLessThan(300);
    expect(await post(url, event('1'))).toBeLessThan(300);
    expect(await post(url, event('2', '0815'))).toBeLessThan(300);
    await until(async () => (await accepted(url)) === 2);

    const second = new Started({}, 'start');
    expect(await second.ended).toBe(1);
    expect(second.output).toMatch(/what to do/);
    expect(second.output).toMatch(/data-in-use/);

    const asked = Date.now();
    tower.child.kill('SIGINT');
    expect(await tower.ended).toBe(0);
    // Not a benchmark: the promise a person is given at Ctrl-C.
    expect(Date.now() - asked).toBeLessThan(5_000);

    const again = new Started({}, 'start');
    const url2 = (await again.says(RUNS))[1]!;
    await until(async () => (await accepted(url2)) === 2);
    expect(await post(url2, event('2', '0815'))).toBeLessThan(300);
    expect(await post(url2, event('3'))).toBeLessThan(300);
    await until(async () => (await accepted(url2)) === 3);
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);
  });

  it('says what to do when its port is taken', { timeout: 60_000 }, async () => {
    const holder = createServer();
    await new Promise<void>((ready) => holder.listen(0, '127.0.0.1', ready));
    const tower = new Started({ PLUMBLINE_PORT: String((holder.address() as AddressInfo).port) }, 'start');
    expect(await tower.ended).toBe(1);
    expect(tower.output).toMatch(/port-in-use/);
    expect(tower.output).toMatch(/what to do/);
    holder.close();
  });

  it('lists every fault of its configuration at once', { timeout: 30_000 }, async () => {
    const tower = new Started({ PLUMBLINE_PORT: 'http', PLUMBLINE_ZONE: 'Mars/Olympus', PLUMBLINE_PARTITION: '4' }, 'start');
    expect(await tower.ended).not.toBe(0);
    for (const name of ['PLUMBLINE_PORT', 'PLUMBLINE_ZONE', 'PLUMBLINE_PARTITION']) expect(tower.output).toContain(name);
  });
});
