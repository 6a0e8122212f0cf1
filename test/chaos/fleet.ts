import { build } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export type Role = 'detect' | 'rollup';

const root = dirname(dirname(createRequire(import.meta.url).resolve('@plumbline/testkit/package.json'))).replace(/[\\/]libs$/, '');

/** The stream processes as they are shipped, bundled once for a test file. */
export interface Bundles {
  file(role: Role): string;
  remove(): Promise<void>;
}

export async function bundleStreams(): Promise<Bundles> {
  const outdir = join(root, 'dist', `chaos-${process.pid}`);
  const { bundleOptions } = (await import(join(root, 'apps/tower/bin/bundle.mjs'))) as { bundleOptions(root: string): object };
  const entryPoints = { detect: join(root, 'streams/detect/src/main.ts'), rollup: join(root, 'streams/rollup/src/main.ts') };
  await build({ ...bundleOptions(root), sourcemap: false, entryPoints, outdir, outExtension: { '.js': '.mjs' } });
  return {
    file: (role) => join(outdir, `${role}.mjs`),
    remove: () => rm(outdir, { recursive: true, force: true }),
  };
}

/** How a process ended that nobody had killed. */
export interface Fall {
  role: Role;
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Its last words on standard error. */
  said: string;
}

/** One stream process, started anew whenever it ends, until it is told to stop. */
export class Member {
  readonly role: Role;
  readonly falls: Fall[] = [];
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #said = '';
  #wanted = true;
  #killed = false;
  #ready = Promise.withResolvers<void>();
  readonly #launch: () => ChildProcess;

  constructor(role: Role, bundles: Bundles, env: Readonly<Record<string, string>>) {
    this.role = role;
    const { PATH = '', HOME = '' } = process.env;
    this.#launch = () =>
      spawn(process.execPath, [bundles.file(role)], { env: { PATH, HOME, PLUMBLINE_LOG_LEVEL: 'info', ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#start();
  }

  /** Resolves when the process that runs now has taken up its state. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** What the process that runs now has said on standard error, its last lines. */
  get said(): string {
    return this.#said;
  }

  /** SIGKILL; another one starts at once. */
  async kill(): Promise<void> {
    const ended = this.#ended;
    this.#killed = true;
    this.#child?.kill('SIGKILL');
    await ended;
  }

  /** In good order. @returns its exit code */
  async stop(): Promise<number | null> {
    this.#wanted = false;
    this.#child?.kill('SIGTERM');
    await this.#ended;
    return this.#child?.exitCode ?? null;
  }

  /** Whatever happens, no process is left. */
  async end(): Promise<void> {
    this.#wanted = false;
    this.#killed = true;
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  #start(): void {
    this.#said = '';
    this.#killed = false;
    this.#ready = Promise.withResolvers();
    const child = this.#launch();
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#said = (this.#said + chunk).slice(-4000);
      if (/partition claimed|roll-up claimed/.test(chunk)) this.#ready.resolve();
    });
    this.#ended = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        if (!this.#killed && this.#wanted) this.falls.push({ role: this.role, code, signal, said: this.#said });
        this.#ready.resolve();
        if (this.#wanted) this.#start();
        resolve();
      });
    });
  }
}
