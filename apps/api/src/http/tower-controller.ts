import { Body, Controller, Get, Header, Inject, Param, Query, Res } from '@nestjs/common';
import {
  actualsQuerySchema,
  asyncApiDocument,
  deadLetterQuerySchema,
  eventJsonSchemas,
  injectBodySchema,
  isEventType,
  redriveBodySchema,
  simulatorControlSchema,
  unplannedQuerySchema,
  type ActualsAnswer,
  type DeadLetterPage,
  type DigestBody,
  type FeedsAnswer,
  type Health,
  type InjectBody,
  type InjectedCauseBody,
  type JsonDocument,
  type RedriveBody,
  type RedrivePreview,
  type RedriveResult,
  type SimulatorControl,
  type SimulatorState,
  type Status,
  type UnplannedPage,
} from '@plumbline/contracts';
import { PlumblineError } from '@plumbline/kernel';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { CONTEXT, SERVICES, type ApiContext, type Services } from './context.ts';
import { documentOf } from './docs.ts';
import { NotReady } from './problem.ts';
import { Fits, Serve } from './serve.ts';

/** Sales, dead letters and the demo. */
@Controller()
export class WorkController {
  readonly #services: Services;

  constructor(@Inject(SERVICES) services: Services) {
    this.#services = services;
  }

  @Serve('listDeadLetters')
  deadLetters(@Query(new Fits(deadLetterQuerySchema)) query: z.output<typeof deadLetterQuerySchema>): Promise<DeadLetterPage> {
    return this.#services.deadLetters.list(query);
  }

  @Serve('redriveDeadLetters')
  redrive(@Body(new Fits(redriveBodySchema)) body: RedriveBody): Promise<RedriveResult> {
    return this.#services.deadLetters.redrive(body);
  }

  @Serve('previewRedrive')
  previewRedrive(@Body(new Fits(redriveBodySchema)) body: RedriveBody): Promise<RedrivePreview> {
    return this.#services.deadLetters.previewed(body);
  }

  @Serve('queryActuals')
  actuals(@Query(new Fits(actualsQuerySchema)) query: z.output<typeof actualsQuerySchema>): Promise<ActualsAnswer> {
    return this.#services.actuals.query(query);
  }

  @Serve('listUnplanned')
  unplanned(@Query(new Fits(unplannedQuerySchema)) query: { limit: number }): Promise<UnplannedPage> {
    return this.#services.feeds.unplanned(query.limit);
  }

  @Serve('listFeeds')
  feeds(): Promise<FeedsAnswer> {
    return this.#services.feeds.list();
  }

  @Serve('showSimulator')
  simulator(): SimulatorState {
    return this.#services.simulator.state();
  }

  @Serve('controlSimulator')
  control(@Body(new Fits(simulatorControlSchema)) body: SimulatorControl): SimulatorState {
    return this.#services.simulator.control(body);
  }

  @Serve('injectCause')
  inject(@Body(new Fits(injectBodySchema)) body: InjectBody): Promise<InjectedCauseBody> {
    return this.#services.simulator.inject(body);
  }
}

/** The tower itself: how it is, what it serves, and its plain page. */
@Controller()
export class TowerController {
  readonly #services: Services;
  readonly #context: ApiContext;

  constructor(@Inject(SERVICES) services: Services, @Inject(CONTEXT) context: ApiContext) {
    this.#services = services;
    this.#context = context;
  }

  @Serve('digest')
  digest(): Promise<DigestBody> {
    return this.#services.actuals.digest();
  }

  @Serve('status')
  status(): Promise<Status> {
    return this.#services.status.status();
  }

  @Serve('health')
  health(): Health {
    return { status: 'ok', checks: [] };
  }

  @Get('health/live')
  live(): Health {
    return this.health();
  }

  /** @throws NotReady, answered with 503 and what is failing */
  @Serve('ready')
  async ready(): Promise<Health> {
    const health = await this.#services.status.readiness();
    if (health.status !== 'ok') throw new NotReady(health.checks);
    return health;
  }

  @Get('health/ready')
  readyToo(): Promise<Health> {
    return this.ready();
  }

  @Serve('metrics')
  async metrics(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    void reply.header('content-type', this.#context.metrics.contentType);
    return this.#context.metrics.text(this.#services.status);
  }

  @Get('metrics')
  metricsToo(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return this.metrics(reply);
  }

  @Serve('openapi')
  openapi(): JsonDocument {
    return documentOf(this.#context.version);
  }

  @Get('api/asyncapi.json')
  asyncapi(): JsonDocument {
    return asyncApiDocument(this.#context.version);
  }

  @Get('api/schemas')
  schemas(): JsonDocument {
    return eventJsonSchemas();
  }

  /** @throws PlumblineError 'schema-unknown' */
  @Get('api/schemas/:type')
  @Header('content-type', 'application/schema+json; charset=utf-8')
  schema(@Param('type') type: string): JsonDocument {
    const name = type.replace(/\.json$/, '');
    if (!isEventType(name)) throw new PlumblineError('schema-unknown', `There is no event type ${name}.`, { where: 'type', fix: 'See /api/schemas for all of them.' });
    return eventJsonSchemas()[name];
  }
}
