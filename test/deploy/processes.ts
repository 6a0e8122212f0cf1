import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { composeServices, lastStage, root } from './compose.ts';

/** What docker compose would run, as processes on this machine: the image's files, commands and environment. */
export class Deployment {
  readonly directory: string;
  readonly #environment: Record<string, string>;
  readonly #processes = new Map<string, { child: ChildProcess; port: number; said: () => string }>();

  /** @param outside where the services that are no processes of ours are found here */
  constructor(outside: { brokers: string; storeUrl: string }) {
    this.directory = mkdtempSync(join(tmpdir(), 'plumbline-image-'));
    this.#environment = { KAFKA_BROKERS: outside.brokers, PLUMBLINE_STORE_URL: outside.storeUrl, PLUMBLINE_HOST: '127.0.0.1', PLUMBLINE_DEMO_RATE: '3600' };
    for (const [from, to] of lastStage().copies) {
      if (from === 'node_modules') this.#linkPackages();
      else cpSync(join(root, from), join(this.directory, to), { recursive: true });
    }
  }

  /** Packages as npm lays them out; those of the workspace point into the image, where only what it copies is found. */
  #linkPackages(): void {
    const [here, there] = [join(root, 'node_modules'), join(this.directory, 'node_modules')];
    mkdirSync(join(there, '@plumbline'), { recursive: true });
    for (const name of readdirSync(here)) if (!name.startsWith('.') && name !== '@plumbline') symlinkSync(join(here, name), join(there, name));
    symlinkSync('../../libs/adapters/store-postgres', join(there, '@plumbline', 'store-postgres'));
  }

  /** Starts a service's command. @param name of this one process: `detect-2` is a second `detect` */
  async start(name: string): Promise<{ url: string }> {
    const service = composeServices()[name.replace(/-\d+$/, '')]!;
    const port = await freePort();
    const [program, ...args] = service.command!;
    const declared = { ...lastStage().environment, ...service.environment };
    const own = declared.PLUMBLINE_METRICS_PORT === undefined ? { PLUMBLINE_PORT: String(port) } : { PLUMBLINE_METRICS_PORT: String(port) };
    const data = declared.PLUMBLINE_DATA === undefined ? {} : { PLUMBLINE_DATA: join(this.directory, 'data') };
    const { PATH, HOME } = process.env;
    const env = { PATH: `${dirname(process.execPath)}:${PATH}`, HOME, ...declared, ...this.#environment, ...own, ...data } as NodeJS.ProcessEnv;
    let said = '';
    const child = spawn(program!, args, { cwd: this.directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-20_000)));
    this.#processes.set(name, { child, port, said: () => said });
    return { url: `http://127.0.0.1:${port}` };
  }

  /** Runs the image's health check for a process, as Docker does. */
  healthy(name: string): boolean {
    const { port } = this.#processes.get(name)!;
    const [program, ...args] = lastStage().health;
    const env = { ...process.env, PLUMBLINE_METRICS_PORT: '', PLUMBLINE_PORT: String(port) };
    return spawnSync(program === 'node' ? process.execPath : program!, args, { env, timeout: 5000 }).status === 0;
  }

  url(name: string): string {
    return `http://127.0.0.1:${this.#processes.get(name)!.port}`;
  }

  /** Processes that ended by themselves, with the end of what they said. */
  fallen(): [string, string][] {
    return [...this.#processes].filter(([, { child }]) => child.exitCode !== null || child.signalCode !== null).map(([name, { said }]) => [name, said()]);
  }

  /** SIGTERM to all, as `docker compose stop` does. @returns exit code of each */
  async stop(): Promise<Record<string, number | null>> {
    const codes = await Promise.all(
      [...this.#processes].map(async ([name, { child }]) => {
        if (child.exitCode === null && child.signalCode === null) {
          const ended = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGTERM');
          const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
          await ended;
          clearTimeout(late);
        }
        return [name, child.exitCode] as const;
      }),
    );
    rmSync(this.directory, { recursive: true, force: true });
    return Object.fromEntries(codes);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
