import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The tower as `npm start` runs it: the built program, a process of its own on data of its own, at one address. */
export class TowerProcess {
  readonly url: string;
  readonly #data = mkdtempSync(join(tmpdir(), 'plumbline-browser-'));
  readonly #port: number;
  readonly #settings: Record<string, string>;
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(port: number, settings: Record<string, string>) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.#settings = settings;
  }

  static async start(settings: Record<string, string> = {}): Promise<TowerProcess> {
    const tower = new TowerProcess(await freePort(), settings);
    await tower.start();
    return tower;
  }

  /** Returns when it answers, which is before the demo's history is filled. */
  async start(): Promise<void> {
    this.#said = '';
    this.#child = spawn(process.execPath, ['dist/plumbline.mjs', 'start'], {
      env: { ...process.env, PLUMBLINE_DATA: this.#data, PLUMBLINE_PORT: String(this.#port), ...this.#settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) stream.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    for (const end = Date.now() + 60_000; ; await pause(100)) {
      if (this.#child.exitCode !== null) throw new Error(`the tower ended:\n${this.#said}`);
      if (await fetch(`${this.url}/health/live`).then(({ ok }) => ok, () => false)) return;
      if (Date.now() > end) throw new Error(`the tower does not answer:\n${this.#said}`);
    }
  }

  async kill(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await this.kill('SIGINT');
    rmSync(this.#data, { recursive: true, force: true });
  }

  async get<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async send<T>(method: 'POST' | 'PUT', path: string, body: unknown): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1${path}`, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
