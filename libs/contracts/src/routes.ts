import { z } from 'zod';
import { planVersionSummarySchema } from './exception.ts';
import * as backtest from './rest-backtest.ts';
import * as comparison from './rest-comparison.ts';
import * as feeds from './rest-feeds.ts';
import * as figures from './rest-figures.ts';
import * as plan from './rest-plan.ts';
import * as rest from './rest.ts';
import * as tower from './rest-tower.ts';

/** One REST operation. Paths are under API_ROOT; `{name}` is a path parameter of text. */
export interface Route {
  /** Unique; the OpenAPI operationId. */
  id: string;
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  tag: 'exceptions' | 'events' | 'dead letters' | 'plans' | 'actuals' | 'simulator' | 'tower';
  summary: string;
  query?: z.ZodObject;
  /** JSON body; `media` lists other content types the route takes, with what they hold. */
  body?: z.ZodType;
  media?: Record<string, string>;
  response: { status: number; schema: z.ZodType | string; description: string };
  /** Problem codes by HTTP status. */
  errors: Record<number, string>;
}

const BAD = { 400: 'the request does not fit its schema' };
const GONE = { 404: 'there is no such thing' };

const commandSummaries: Record<rest.CommandName, string> = {
  acknowledge: 'Say that it has been seen',
  assign: 'Give it to somebody',
  start: 'Begin work on it',
  snooze: 'Hide it until an instant',
  resolve: 'Say that it has been dealt with',
  dismiss: 'Say that it is not worth acting on, and why',
  comment: 'Add a note',
  reopen: 'Take it up again',
  undo: 'Take back the last command',
};

const commandRoutes = rest.commandNames.map((name): Route => ({
  id: `${name}Exception`,
  method: 'POST',
  path: `/exceptions/{id}/${name}`,
  tag: 'exceptions',
  summary: commandSummaries[name],
  body: rest.commandBodies[name],
  response: {
    status: 202,
    schema: rest.commandAcceptedSchema,
    description: 'In the log; takes effect at the next tick',
  },
  errors: { ...BAD, ...GONE, 409: 'the lifecycle does not allow it from the present status' },
}));

const get = (
  id: string,
  path: string,
  tag: Route['tag'],
  summary: string,
  schema: z.ZodType | string,
  more: Partial<Route> = {},
): Route => ({
  id,
  method: 'GET',
  path,
  tag,
  summary,
  response: { status: 200, schema, description: summary },
  errors: { ...(more.query ? BAD : {}), ...(path.includes('{') ? GONE : {}) },
  ...more,
});

/** Everything the API serves, in the order the documents show it. */
export const routes: readonly Route[] = [
  get('listExceptions', '/exceptions', 'exceptions', 'Exceptions by priority', rest.exceptionPageSchema, {
    query: rest.exceptionQuerySchema,
  }),
  get('showException', '/exceptions/{id}', 'exceptions', 'One exception with its history', rest.exceptionDetailSchema),
  get(
    'backtestException',
    '/exceptions/{id}/backtest',
    'exceptions',
    'Its series hour by hour against plan, and what other rules would have said',
    backtest.backtestAnswerSchema,
    { query: backtest.backtestQuerySchema, errors: { ...BAD, ...GONE } },
  ),
  ...commandRoutes,
  {
    id: 'commandExceptions',
    method: 'POST',
    path: '/exceptions/commands',
    tag: 'exceptions',
    summary: 'Commands on many exceptions at once',
    body: feeds.bulkCommandsBodySchema,
    response: {
      status: 202,
      schema: feeds.bulkCommandsResultSchema,
      description: 'What became of each; the accepted ones are in the log together and take effect at the next tick',
    },
    errors: BAD,
  },
  get('listPeople', '/people', 'exceptions', 'People who own or did something, latest first', feeds.peoplePageSchema),
  {
    id: 'sendEvents',
    method: 'POST',
    path: '/events',
    tag: 'events',
    summary: 'Append events to the log',
    media: {
      'application/cloudevents+json': 'one CloudEvent',
      'application/cloudevents-batch+json': 'a list of CloudEvents',
      'application/x-ndjson': 'one CloudEvent a line, streamed',
      'application/json': 'one CloudEvent or, with ce- headers, its data',
    },
    response: {
      status: 200,
      schema: rest.ingestResultSchema,
      description: 'What became of each event; accepted ones are durable',
    },
    errors: {
      400: 'the request holds no events',
      413: 'the request is too large; send NDJSON or smaller batches',
      415: 'the content type is none of those listed',
      429: 'the log is behind; send again after Retry-After seconds',
      503: 'the log cannot be reached',
    },
  },
  get('listEvents', '/events', 'events', 'Events behind a number', rest.archivedEventPageSchema, {
    query: rest.eventQuerySchema,
  }),
  get(
    'listDeadLetters',
    '/dead-letters',
    'dead letters',
    'Events that could not be understood',
    rest.deadLetterPageSchema,
    {
      query: rest.deadLetterQuerySchema,
    },
  ),
  {
    id: 'previewRedrive',
    method: 'POST',
    path: '/dead-letters/preview',
    tag: 'dead letters',
    summary: 'What a re-drive would do, without doing it',
    body: rest.redriveBodySchema,
    response: { status: 200, schema: rest.redrivePreviewSchema, description: 'By letter: accepted, or refused and why' },
    errors: { ...BAD, ...GONE },
  },
  {
    id: 'redriveDeadLetters',
    method: 'POST',
    path: '/dead-letters/redrive',
    tag: 'dead letters',
    summary: 'Send dead letters again, as they are or corrected',
    body: rest.redriveBodySchema,
    response: { status: 200, schema: rest.redriveResultSchema, description: 'What was sent and what was refused' },
    errors: { ...BAD, ...GONE },
  },
  get('listPlans', '/plans', 'plans', 'Plan versions, newest first', plan.planPageSchema),
  get('showPlan', '/plans/{id}', 'plans', 'A plan version with its lines', plan.planDetailSchema),
  get('diffPlans', '/plans/{id}/diff', 'plans', 'What differs from another version', plan.planDiffSchema, {
    query: plan.planDiffQuerySchema,
    errors: { ...BAD, ...GONE },
  }),
  {
    id: 'importPlan',
    method: 'POST',
    path: '/plans/import',
    tag: 'plans',
    summary: 'Make a draft from CSV; all faults at once, nothing half-imported',
    body: plan.planImportBodySchema,
    response: { status: 201, schema: planVersionSummarySchema, description: 'The draft' },
    errors: { ...BAD, 422: 'the files have faults: see errors, by row and column' },
  },
  {
    id: 'derivePlan',
    method: 'POST',
    path: '/plans/derive',
    tag: 'plans',
    summary: 'Make a draft from past sales',
    body: plan.planDeriveBodySchema,
    response: { status: 201, schema: planVersionSummarySchema, description: 'The draft' },
    errors: { ...BAD, 422: 'there are no sales before that day' },
  },
  {
    id: 'commitPlan',
    method: 'POST',
    path: '/plans/{id}/commit',
    tag: 'plans',
    summary: 'Commit a version; from then on it never changes',
    body: plan.planCommitBodySchema,
    response: { status: 200, schema: planVersionSummarySchema, description: 'The committed version' },
    errors: { ...BAD, ...GONE, 409: 'the version cannot be committed from its present status' },
  },
  {
    id: 'extendPlan',
    method: 'POST',
    path: '/plans/extend',
    tag: 'plans',
    summary: 'Plan new SKUs or locations like known ones: a version of the same totals, committed at once',
    body: feeds.planExtendBodySchema,
    response: { status: 200, schema: feeds.planChangeSchema, description: 'The version and what it changes' },
    errors: { ...BAD, 409: 'no plan is in force', 422: 'an item cannot be planned so: see errors, by item' },
  },
  {
    id: 'revertPlan',
    method: 'POST',
    path: '/plans/revert',
    tag: 'plans',
    summary: 'Go back to an earlier version: a new one that equals it, committed at once',
    body: feeds.planRevertBodySchema,
    response: { status: 200, schema: feeds.planChangeSchema, description: 'The version and what it changes' },
    errors: { ...BAD, ...GONE, 409: 'no plan is in force, or there is no version before it' },
  },
  get('figures', '/figures', 'tower', 'Tiles and heat map as of the last tick', figures.figuresAnswerSchema),
  get('figuresHistory', '/figures/history', 'tower', 'How the tiles moved', figures.figuresHistorySchema, {
    query: figures.figuresHistoryQuerySchema,
  }),
  get('listFeeds', '/feeds', 'tower', 'What sends, and whether it still does', feeds.feedsSchema),
  get('queryActuals', '/actuals', 'actuals', 'Sales by business day or hour', rest.actualsAnswerSchema, {
    query: rest.actualsQuerySchema,
  }),
  get('compare', '/comparison', 'actuals', 'Plan against actual by product and place', comparison.comparisonAnswerSchema, {
    query: comparison.comparisonQuerySchema,
    errors: { ...BAD, 404: 'there is no such plan version, or it has no such family, SKU, region or location', 409: 'no plan is in force' },
  }),
  get('listUnplanned', '/unplanned', 'actuals', 'Sales the plan does not know', feeds.unplannedPageSchema, {
    query: rest.unplannedQuerySchema,
  }),
  get('showSimulator', '/simulator', 'simulator', 'The demo retailer', tower.simulatorStateSchema, {
    errors: { 404: 'the demo is off' },
  }),
  {
    id: 'controlSimulator',
    method: 'PUT',
    path: '/simulator',
    tag: 'simulator',
    summary: 'Set the rate, pause, go on',
    body: tower.simulatorControlSchema,
    response: { status: 200, schema: tower.simulatorStateSchema, description: 'The state now' },
    errors: { ...BAD, 404: 'the demo is off' },
  },
  {
    id: 'injectCause',
    method: 'POST',
    path: '/simulator/inject',
    tag: 'simulator',
    summary: 'Make something happen',
    body: tower.injectBodySchema,
    response: {
      status: 201,
      schema: tower.injectedCauseSchema,
      description: 'What was injected and what should be raised',
    },
    errors: { ...BAD, 404: 'the demo is off' },
  },
  get('digest', '/digest', 'tower', 'Hashes of exceptions, actuals and dead letters', tower.digestSchema),
  get('status', '/status', 'tower', 'What runs, how far it is, and what it counted', tower.statusSchema),
  get('health', '/health', 'tower', 'The process is alive', tower.healthSchema),
  get('ready', '/ready', 'tower', 'Log and store can be used', tower.healthSchema, {
    errors: { 503: 'not ready: see checks' },
  }),
  get('metrics', '/metrics', 'tower', 'Figures for Prometheus', 'text/plain'),
  get('openapi', '/openapi.json', 'tower', 'This description', 'application/json'),
];
