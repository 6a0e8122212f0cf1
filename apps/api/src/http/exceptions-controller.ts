import { Body, Controller, Headers, Inject, Param, Query } from '@nestjs/common';
import {
  backtestQuerySchema,
  bulkCommandsBodySchema,
  commandBodies,
  exceptionQuerySchema,
  type BacktestAnswer,
  type BacktestQuery,
  type BulkCommandsBody,
  type BulkCommandsResult,
  type CommandAccepted,
  type CommandBody,
  type CommandName,
  type ExceptionDetail,
  type ExceptionPage,
  type PeoplePage,
} from '@plumbline/contracts';
import type { z } from 'zod';
import type { CommandOutcome } from '../service/exceptions.ts';
import { CONTEXT, SERVICES, type ApiContext, type Services } from './context.ts';
import { Fits, Serve } from './serve.ts';

type Answer = Promise<CommandAccepted | CommandOutcome>;
const LONGEST_WAIT_S = 10;

/** Exceptions and what people say about them. With `Prefer: wait=3` a command is answered when it has taken effect. */
@Controller()
export class ExceptionsController {
  readonly #services: Services;
  readonly #context: ApiContext;

  constructor(@Inject(SERVICES) services: Services, @Inject(CONTEXT) context: ApiContext) {
    this.#services = services;
    this.#context = context;
  }

  @Serve('listExceptions')
  list(@Query(new Fits(exceptionQuerySchema)) query: z.output<typeof exceptionQuerySchema>): Promise<ExceptionPage> {
    return this.#services.exceptions.list(query);
  }

  @Serve('showException')
  show(@Param('id') id: string): Promise<ExceptionDetail> {
    return this.#services.exceptions.show(id);
  }

  @Serve('backtestException')
  backtest(@Param('id') id: string, @Query(new Fits(backtestQuerySchema)) query: BacktestQuery): Promise<BacktestAnswer> {
    return this.#services.backtest.answer(id, query);
  }

  @Serve('acknowledgeException')
  acknowledge(@Param('id') id: string, @Body(new Fits(commandBodies.acknowledge)) body: CommandBody<'acknowledge'>, @Headers('prefer') prefer?: string): Answer {
    return this.#command(id, 'acknowledge', body, prefer);
  }

  @Serve('assignException')
  assign(@Param('id') id: string, @Body(new Fits(commandBodies.assign)) body: CommandBody<'assign'>, @Headers('prefer') prefer?: string): Answer {
    return this.#command(id, 'assign', body, prefer);
  }

  @Serve('startException')
  start(@Param('id') id: string, @Body(new Fits(commandBodies.start)) body: CommandBody<'start'>, @Headers('prefer') prefer?: string): Answer {
    return this.#command(id, 'start', body, prefer);
  }

  @Serve('snoozeException')
  snooze(@Param('id') id: string, @Body(new Fits(commandBodies.snooze)) body: CommandBody<'snooze'>, @Headers('prefer') prefer?: string): Answer {
    return this.#command(id, 'snooze', body, prefer);
  }

  @Serve('resolveException')
  resolve(@Param('id') id: string, @Body(new Fits(commandBodies.resolve)) body: CommandBody<'resolve'>, @Headers('prefer') prefer?: string): Answer {
    return this.#command(id, 'resolve', body, prefer);
  }

  @Serve('dismissException')
  dismiss(@Param('id') id: string, @Body(new Fits(commandBodies.dismiss)) body: CommandBody<'dismiss'>, @Headers('prefer') prefer?: string): Answer {
    return this.#command(id, 'dismiss', body, prefer);
  }

  @Serve('commentException')
  comment(@Param('id') id: string, @Body(new Fits(commandBodies.comment)) body: CommandBody<'comment'>, @Headers('prefer') prefer?: string): Answer {
    return this.#command(id, 'comment', body, prefer);
  }

  @Serve('reopenException')
  reopen(@Param('id') id: string, @Body(new Fits(commandBodies.reopen)) body: CommandBody<'reopen'>, @Headers('prefer') prefer?: string): Answer {
    return this.#command(id, 'reopen', body, prefer);
  }

  @Serve('undoException')
  undo(@Param('id') id: string, @Body(new Fits(commandBodies.undo)) body: CommandBody<'undo'>, @Headers('prefer') prefer?: string): Answer {
    return this.#command(id, 'undo', body, prefer);
  }

  @Serve('commandExceptions')
  commands(@Body(new Fits(bulkCommandsBodySchema)) body: BulkCommandsBody): Promise<BulkCommandsResult> {
    return this.#services.exceptions.commands(body);
  }

  @Serve('listPeople')
  people(): Promise<PeoplePage> {
    return this.#services.exceptions.people();
  }

  async #command<N extends CommandName>(id: string, name: N, body: CommandBody<N>, prefer: string | undefined): Answer {
    const seconds = Number(/(?:^|[,;\s])wait=(\d{1,3})/i.exec(prefer ?? '')?.[1] ?? 0);
    const waitMs = Math.min(seconds, LONGEST_WAIT_S) * 1000;
    const outcome = await this.#services.exceptions.command(id, name, body, { waitMs, signal: this.#context.stopping });
    if (waitMs > 0) return outcome;
    const { exceptionId, eventId, type } = outcome;
    return { exceptionId, eventId, type };
  }
}
