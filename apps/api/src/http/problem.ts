import { describeIssues, problemTypeOf, type Problem, type ProblemError } from '@plumbline/contracts';
import { PlumblineError } from '@plumbline/kernel';
import { STATUS_CODES } from 'node:http';
import type { z } from 'zod';
import { RetryLater } from '../service/ingest.ts';
import { PlanFaults, PlanMisfits } from '../service/plans.ts';

/** A query or body that does not fit its schema. */
export class Unfit extends PlumblineError {
  readonly errors: ProblemError[];

  constructor(where: 'query' | 'body', issues: readonly z.core.$ZodIssue[], given: unknown) {
    super('unfit', describeIssues(issues, given), { where });
    this.errors = issues.map((issue) => {
      const path = issue.path.map(String);
      return { code: issue.code, detail: issue.message, pointer: where === 'query' ? path.join('.') : `/${path.join('/')}` };
    });
  }
}

/** The tower cannot be relied on at the moment: which check says so. */
export class NotReady extends PlumblineError {
  readonly checks: readonly { name: string; ok: boolean; detail?: string | undefined }[];

  constructor(checks: NotReady['checks']) {
    const failing = checks.filter(({ ok }) => !ok);
    super('not-ready', failing.map(({ name, detail }) => `${name}: ${detail ?? 'failing'}`).join('; '), { fix: 'See the log of the process named, or run "plumbline doctor".' });
    this.checks = checks;
  }
}

/** HTTP status of each code that has one of its own; otherwise 503 for those of the log, else 500. */
const STATUS: Readonly<Record<string, number>> = {
  unfit: 400,
  'invalid-cursor': 400,
  'not-an-integer': 400,
  'not-json': 400,
  'no-events': 400,
  'event-unfit': 400,
  'range-invalid': 400,
  'command-invalid': 400,
  'cause-invalid': 400,
  'cause-past': 409,
  'no-plan': 409,
  'foreign-origin': 403,
  'foreign-host': 421,
  'not-found': 404,
  'exception-unknown': 404,
  'plan-unknown': 404,
  'scope-unknown': 404,
  'dead-letter-unknown': 404,
  'demo-off': 404,
  'schema-unknown': 404,
  'command-refused': 409,
  'plan-transition': 409,
  'plan-immutable': 409,
  'no-earlier-plan': 409,
  'request-too-large': 413,
  'batch-too-large': 413,
  'record-too-large': 413,
  'media-type': 415,
  'plan-faults': 422,
  'plan-extend': 422,
  'plan-invalid': 422,
  'no-history': 422,
  'retry-later': 429,
  'not-ready': 503,
  'store-unavailable': 503,
  'store-not-migrated': 503,
  'disk-full': 503,
};

/** Codes of what the HTTP server itself refuses, by status. */
const OWN: Readonly<Record<number, { code: string; fix?: string }>> = {
  400: { code: 'bad-request' },
  404: { code: 'not-found', fix: 'See /api/docs for everything there is.' },
  405: { code: 'not-found', fix: 'See /api/docs for everything there is.' },
  413: { code: 'request-too-large', fix: 'Send less at a time; events can be streamed as NDJSON.' },
  415: { code: 'media-type', fix: 'Send application/json, or for events one of the types that POST /api/v1/events lists.' },
};

export type ProblemBody = Problem & { checks?: NotReady['checks'] };

/** RFC 9457 problem details of anything thrown. Of what nobody foresaw only that it happened is told. */
export function problemOf(error: unknown, instance: string): { status: number; body: ProblemBody; retryAfter?: number } {
  if (error instanceof PlumblineError) return foreseen(error, instance);
  const { status, message } = httpFault(error);
  const own = OWN[status] ?? { code: status >= 500 ? 'internal' : 'bad-request' };
  const detail = status >= 500 ? 'Something went wrong that was not foreseen; the log of the tower has it.' : sentence(message, own.fix);
  return { status, body: { type: problemTypeOf(own.code), title: titleOf(status), status, detail, instance, code: own.code } };
}

function foreseen(error: PlumblineError, instance: string): ReturnType<typeof problemOf> {
  const status = STATUS[error.code] ?? (error.code.startsWith('log-') ? 503 : 500);
  const errors = error instanceof Unfit ? error.errors : error instanceof PlanFaults ? cells(error) : error instanceof PlanMisfits ? [...error.errors] : undefined;
  const body: ProblemBody = {
    type: problemTypeOf(error.code),
    title: titleOf(status),
    status,
    detail: sentence(error.message, error.fix),
    instance,
    code: error.code,
    ...(errors ? { errors } : {}),
    ...(error instanceof NotReady ? { checks: error.checks } : {}),
  };
  return { status, body, ...(error instanceof RetryLater ? { retryAfter: error.seconds } : {}) };
}

const cells = ({ faults }: PlanFaults): ProblemError[] =>
  faults.map(({ file, row, column, code, message }) => ({ code, detail: message, ...(file === undefined ? {} : { file, pointer: `/${file}` }), row, column }));

const titleOf = (status: number): string => STATUS_CODES[status] ?? 'Error';

const sentence = (message: string, fix: string | undefined): string => {
  const said = /[.!?…]$/.test(message) ? message : `${message}.`;
  return fix === undefined ? said : `${said} ${/[.!?…]$/.test(fix) ? fix : `${fix}.`}`;
};

/** What Nest (HttpException) and Fastify (statusCode) throw. */
function httpFault(error: unknown): { status: number; message: string } {
  const { message = 'unknown', statusCode, getStatus } = (error ?? {}) as { message?: string; statusCode?: unknown; getStatus?: () => number };
  const status = typeof getStatus === 'function' ? getStatus.call(error) : statusCode;
  return { status: typeof status === 'number' && status >= 400 && status < 600 ? status : 500, message };
}
