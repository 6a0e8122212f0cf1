import { PlumblineError } from '@plumbline/kernel';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** One figure of a stream's process: read when it is asked for. A name in `_total` is a counter. */
export interface Figure {
  name: string;
  help: string;
  value: () => number;
}

export interface ObserveOptions {
  host: string;
  /** 0 = none is served. */
  port: number;
  figures?: readonly Figure[];
  /** Why the process cannot do its work now; undefined when it can. */
  unready?: () => Promise<string | undefined>;
}

/**
 * Health and metrics of a process that has no other server: `/health/live`, `/health/ready`, `/metrics`.
 * @returns what closes it, and the port it listens on (undefined: none)
 * @throws PlumblineError 'port-in-use'
 */
export async function observe({ host, port, figures = [], unready }: ObserveOptions): Promise<{ port: number | undefined; close(): Promise<void> }> {
  if (port === 0) return { port: undefined, close: () => Promise.resolve() };
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name, help, value } of figures) {
    new Gauge({ name, help, registers: [registry], collect() { this.set(value()); } });
  }
  const answers: Record<string, () => Promise<[number, string, string]>> = {
    '/health/live': async () => [200, 'text/plain', 'ok\n'],
    '/health/ready': async () => {
      const reason = await unready?.().catch((error: Error) => error.message);
      return reason === undefined ? [200, 'text/plain', 'ok\n'] : [503, 'text/plain', `${reason}\n`];
    },
    '/metrics': async () => [200, registry.contentType, await registry.metrics()],
  };
  const server = createServer((request, response) => {
    const answer = answers[(request.url ?? '').split('?')[0]!];
    void (answer?.() ?? Promise.resolve([404, 'text/plain', 'There is /health/live, /health/ready and /metrics.\n'] as const)).then(([status, type, body]) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE' ? inUse(host, port, error) : error));
    server.listen({ host, port: Math.max(0, port) }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

const inUse = (host: string, port: number, cause: unknown): PlumblineError =>
  new PlumblineError('port-in-use', `Port ${port} on ${host} is in use by another program.`, { where: `${host}:${port}`, fix: 'Choose another port with PLUMBLINE_METRICS_PORT, or 0 for none.', cause });
