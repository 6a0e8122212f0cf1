import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Logger } from '@plumbline/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemOf } from './problem.ts';

/** Answers every failure as problem details; what was not foreseen goes to the log with its stack. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    answerProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.#logger);
  }
}

export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): void {
  const { status, body, retryAfter } = problemOf(error, request.url);
  if (status >= 500) logger.error({ err: error, url: request.url, code: body.code }, 'request failed');
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  // What is left of a body that was refused is not read: the connection ends with the answer.
  if (status === 413 || status === 429) void reply.header('connection', 'close');
  if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter));
  void reply.code(status).header('content-type', 'application/problem+json; charset=utf-8').send(JSON.stringify(body));
}
