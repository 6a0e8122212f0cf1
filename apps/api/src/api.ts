import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { PlumblineError } from '@plumbline/kernel';
import type { Platform } from '@plumbline/platform';
import type { Logger } from '@plumbline/runtime';
import type { FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';
import packageJson from '../package.json' with { type: 'json' };
import { registerBodies } from './http/body-parsers.ts';
import { ComparisonController } from './http/comparison-controller.ts';
import { CONTEXT, SERVICES, type ApiContext } from './http/context.ts';
import { registerCompression } from './http/compression.ts';
import { registerDashboard } from './http/dashboard.ts';
import { serveDocs } from './http/docs.ts';
import { EventsController } from './http/events-controller.ts';
import { ExceptionsController } from './http/exceptions-controller.ts';
import { FiguresController } from './http/figures-controller.ts';
import { nestLogger } from './http/nest-logger.ts';
import { Metrics, type DetectWork } from './http/metrics.ts';
import { PlansController } from './http/plans-controller.ts';
import { ProblemFilter } from './http/problem-filter.ts';
import { foreignHost, foreignOrigin, registerSecurity } from './http/security.ts';
import { TowerController, WorkController } from './http/tower-controller.ts';
import { storedFigures, type FiguresSource } from './live/figures-source.ts';
import { LiveGateway } from './live/gateway.ts';
import type { HubLimits } from './live/hub.ts';
import { LiveAdapter } from './live/live-adapter.ts';
import { LIVE, Live } from './live/live.ts';
import { Replicas } from './live/replicas.ts';
import type { IngestLimits } from './service/ingest.ts';
import { openServices, type Services } from './service/services.ts';
import type { DemoControls } from './service/simulator.ts';
import type { DetectProgress } from './service/status.ts';

export interface ApiOptions {
  /** With the database's URL, API processes on it hear one another: who looks at what is told to all. */
  platform: Pick<Platform, 'log' | 'store' | 'config' | 'partitions'> & Partial<Pick<Platform, 'databaseUrl'>>;
  host: string;
  /** 0 = any free port. */
  port: number;
  logger: Logger;
  demo?: DemoControls;
  /** Detect as far as it runs in this process. */
  progress?: () => readonly DetectProgress[];
  /** What detect has done in this process, for the metrics. */
  work?: () => DetectWork;
  /** Milliseconds UTC; default the wall clock. */
  now?: () => number;
  limits?: Partial<IngestLimits>;
  /** Directory of the built dashboard; absent: only the API is served. */
  dashboard?: string | undefined;
  /** Default: what the roll-up's commits leave in the store. */
  figures?: FiguresSource;
  liveLimits?: Partial<HubLimits>;
}

export interface Api {
  /** http://127.0.0.1:7070 */
  url: string;
  services: Services;
  live: Live;
  /** No new requests; those under way have two seconds to end. Log and store stay open. */
  close(): Promise<void>;
}

const GRACE_MS = 2000;

@Module({ controllers: [ComparisonController, EventsController, ExceptionsController, FiguresController, PlansController, WorkController, TowerController], providers: [LiveGateway] })
class ApiModule {}

/** Serves the tower over HTTP. @throws PlumblineError 'port-in-use', 'port-refused', 'address-unknown' */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { platform, logger, now = () => Date.now(), demo, progress, limits } = options;
  const { version } = packageJson;
  const metrics = new Metrics({ store: platform.store, now, work: options.work });
  const services = openServices({ source: platform, version, now, demo, progress, limits, observe: metrics.ingested });
  const stopping = new AbortController();
  const context: ApiContext = { version, logger, metrics, stopping: stopping.signal };
  const figures = options.figures ?? storedFigures({ store: platform.store, logger });
  const live = new Live({ store: platform.store, figures, metrics: metrics.live, logger, limits: options.liveLimits });
  const app = await build(services, context, live, options);
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const release = async (): Promise<void> => {
    stopping.abort();
    await live.stop();
    await closeServer(app, fastify);
    await services.close();
    metrics.close();
  };
  try {
    live.start();
    await fastify.listen({ host: options.host, port: options.port });
  } catch (error) {
    await release();
    throw refused(error, options);
  }
  const url = urlOf(fastify.server.address() as AddressInfo);
  logger.info({ url }, 'API listens');
  let closing: Promise<void> | undefined;
  return { url, services, live, close: () => (closing ??= release()) };
}

async function build(services: Services, context: ApiContext, live: Live, { host, platform, dashboard }: ApiOptions): Promise<NestFastifyApplication> {
  const { logger, metrics } = context;
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    bodyLimit: services.ingest.limits.requestBytes,
    routerOptions: { maxParamLength: 500 },
  });
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  registerSecurity(fastify, host);
  registerBodies(fastify, services.ingest);
  await registerCompression(fastify);
  if (dashboard !== undefined) await registerDashboard(fastify, dashboard);
  fastify.addHook('onResponse', (request, reply, done) => {
    metrics.requested(request.method, request.routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
  const module = {
    module: ApiModule,
    global: true,
    providers: [
      { provide: SERVICES, useValue: services },
      { provide: CONTEXT, useValue: context },
      { provide: LIVE, useValue: live },
    ],
    exports: [SERVICES, CONTEXT, LIVE],
  };
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { bodyParser: false, abortOnError: false, logger: nestLogger(logger) });
  app.useGlobalFilters(new ProblemFilter(logger));
  app.useWebSocketAdapter(
    new LiveAdapter({
      server: fastify.server,
      refused: (headers) => (foreignHost(headers, host) ?? foreignOrigin(headers))?.message,
      replicas: platform.databaseUrl === undefined ? undefined : new Replicas({ url: platform.databaseUrl, logger }),
    }),
  );
  serveDocs(app as unknown as INestApplication, context.version);
  await app.init();
  await fastify.ready();
  return app;
}

async function closeServer(app: NestFastifyApplication, fastify: FastifyInstance): Promise<void> {
  const late = setTimeout(() => fastify.server.closeAllConnections(), GRACE_MS);
  try {
    fastify.server.closeIdleConnections();
    await app.close();
  } finally {
    clearTimeout(late);
  }
}

function refused(error: unknown, { host, port }: ApiOptions): unknown {
  const { code } = error as { code?: unknown };
  const where = `${host}:${port}`;
  if (code === 'EADDRINUSE') {
    return new PlumblineError('port-in-use', `Port ${port} on ${host} is in use by another program.`, { where, fix: 'End that program (perhaps another tower), or choose another port with PLUMBLINE_PORT.', cause: error });
  }
  if (code === 'EACCES') {
    return new PlumblineError('port-refused', `This user may not open port ${port}.`, { where, fix: 'Choose a port above 1023 with PLUMBLINE_PORT.', cause: error });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new PlumblineError('address-unknown', `${host} is no address of this machine.`, { where, fix: 'Set PLUMBLINE_HOST to 127.0.0.1, or 0.0.0.0 for all addresses.', cause: error });
  }
  return error;
}

/** Where a browser on this machine finds it. */
function urlOf({ address, port }: AddressInfo): string {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '[::1]' : address.includes(':') ? `[${address}]` : address;
  return `http://${host}:${port}`;
}
