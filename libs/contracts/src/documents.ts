import { z } from 'zod';
import { CONTRACT_VERSION, dataschemaOf, eventSchemas, eventTypes, type EventType } from './events.ts';
import { exampleOf } from './examples.ts';
import { exceptionSchema, planVersionSummarySchema, transitionSchema } from './exception.ts';
import * as backtest from './rest-backtest.ts';
import * as comparison from './rest-comparison.ts';
import * as feeds from './rest-feeds.ts';
import * as plan from './rest-plan.ts';
import * as rest from './rest.ts';
import * as tower from './rest-tower.ts';
import { routes, type Route } from './routes.ts';
import { SOCKET_PATH, SOCKET_VERSION, socketMessages } from './socket.ts';

/** Documents generated from the schemas: what is published is what is checked. Pure: same code, same document. */
export type JsonDocument = Record<string, unknown>;

/** JSON Schema 2020-12 of each event type; `$id` is what `dataschema` names. */
export function eventJsonSchemas(): Record<EventType, JsonDocument> {
  const entries = eventTypes.map((type) => {
    const schema = z.toJSONSchema(eventSchemas[type], { io: 'input' });
    return [type, { ...schema, $id: dataschemaOf(type), title: type, examples: [exampleOf(type)] }];
  });
  return Object.fromEntries(entries) as Record<EventType, JsonDocument>;
}

/** Schemas that get a name of their own in the OpenAPI document. */
const named: Record<string, z.ZodType> = {
  Problem: rest.problemSchema,
  Exception: exceptionSchema,
  ExceptionDetail: rest.exceptionDetailSchema,
  ExceptionPage: rest.exceptionPageSchema,
  Transition: transitionSchema,
  Backtest: backtest.backtestAnswerSchema,
  CommandAccepted: rest.commandAcceptedSchema,
  IngestResult: rest.ingestResultSchema,
  ArchivedEventPage: rest.archivedEventPageSchema,
  DeadLetter: rest.deadLetterSchema,
  DeadLetterPage: rest.deadLetterPageSchema,
  Redrive: rest.redriveBodySchema,
  RedriveResult: rest.redriveResultSchema,
  RedrivePreview: rest.redrivePreviewSchema,
  ActualsAnswer: rest.actualsAnswerSchema,
  Comparison: comparison.comparisonAnswerSchema,
  UnplannedPage: feeds.unplannedPageSchema,
  Feeds: feeds.feedsSchema,
  Feed: feeds.feedSchema,
  PeoplePage: feeds.peoplePageSchema,
  PlanExtend: feeds.planExtendBodySchema,
  PlanRevert: feeds.planRevertBodySchema,
  PlanChange: feeds.planChangeSchema,
  BulkCommands: feeds.bulkCommandsBodySchema,
  BulkCommandsResult: feeds.bulkCommandsResultSchema,
  PlanVersionSummary: planVersionSummarySchema,
  PlanPage: plan.planPageSchema,
  PlanDetail: plan.planDetailSchema,
  PlanDiff: plan.planDiffSchema,
  PlanImport: plan.planImportBodySchema,
  PlanDerive: plan.planDeriveBodySchema,
  PlanCommit: plan.planCommitBodySchema,
  SimulatorState: tower.simulatorStateSchema,
  SimulatorControl: tower.simulatorControlSchema,
  Inject: tower.injectBodySchema,
  InjectedCause: tower.injectedCauseSchema,
  Digest: tower.digestSchema,
  Status: tower.statusSchema,
  Health: tower.healthSchema,
  ...Object.fromEntries(
    rest.commandNames.map((name) => [`${name[0]!.toUpperCase()}${name.slice(1)}Command`, rest.commandBodies[name]]),
  ),
};

/** OpenAPI 3.1 of the REST API. */
export function openApiDocument(version: string): JsonDocument {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => `#/components/schemas/${id}` });
  const paths: Record<string, JsonDocument> = {};
  for (const route of routes) {
    const path = `${rest.API_ROOT}${route.path}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Plumbline',
      version,
      description: 'Events against the committed plan',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://127.0.0.1:7070' }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: {
        ...Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema)])),
        ...Object.fromEntries(
          Object.entries(eventJsonSchemas()).map(([type, schema]) => [`Event.${type}`, bare(schema)]),
        ),
      },
    },
  };
}

function operationOf(route: Route): JsonDocument {
  const parameters = [...pathParameters(route.path), ...queryParameters(route.query)];
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...requestOf(route),
    responses: {
      [route.response.status]: { description: route.response.description, content: contentOf(route.response.schema) },
      ...Object.fromEntries(
        Object.entries(route.errors).map(([status, description]) => [status, problemOf(description)]),
      ),
    },
  };
}

const problemOf = (description: string): JsonDocument => ({
  description,
  content: { 'application/problem+json': { schema: reference('Problem') } },
});

function requestOf({ body, media }: Route): JsonDocument {
  if (body) return { requestBody: { required: true, content: contentOf(body) } };
  if (!media) return {};
  const event = { anyOf: eventTypes.map((type) => reference(`Event.${type}`)) };
  const schemas: Record<string, JsonDocument> = {
    'application/cloudevents+json': event,
    'application/cloudevents-batch+json': { type: 'array', items: event },
    'application/x-ndjson': { type: 'string' },
    'application/json': { type: 'object' },
  };
  const content = Object.entries(media).map(([type, description]) => [
    type,
    { schema: { ...schemas[type], description } },
  ]);
  return { requestBody: { required: true, content: Object.fromEntries(content) as JsonDocument } };
}

function contentOf(schema: z.ZodType | string): JsonDocument {
  if (typeof schema === 'string')
    return { [schema]: { schema: schema === 'application/json' ? { type: 'object' } : { type: 'string' } } };
  const name = Object.keys(named).find((id) => named[id] === schema);
  return { 'application/json': { schema: name ? reference(name) : bare(z.toJSONSchema(schema, { io: 'input' })) } };
}

const reference = (id: string): JsonDocument => ({ $ref: `#/components/schemas/${id}` });

const pathParameters = (path: string): JsonDocument[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

function queryParameters(query: z.ZodObject | undefined): JsonDocument[] {
  if (!query) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

/** A schema without the members that only make sense at the root of a document of its own. */
function bare(schema: object): JsonDocument {
  const rest: JsonDocument = { ...schema };
  delete rest['$schema'];
  delete rest['$id'];
  return rest;
}

/** AsyncAPI 3.0 of the events topic and the dashboard's socket. */
export function asyncApiDocument(version: string): JsonDocument {
  const events = Object.fromEntries(eventTypes.map((type) => [type, eventMessage(type)]));
  const sockets = Object.entries(socketMessages).map(([name, message]) => [
    `socket.${name}`,
    {
      name,
      title: name,
      summary: message.summary,
      contentType: 'application/json',
      payload: payloadOf(message.schema),
    },
  ]);
  const socketNames = Object.keys(socketMessages) as (keyof typeof socketMessages)[];
  const towards = (direction: string) => socketNames.filter((name) => socketMessages[name].direction === direction);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Plumbline',
      version,
      description: `Events, contract version ${CONTRACT_VERSION}, and live messages, version ${SOCKET_VERSION}`,
    },
    defaultContentType: 'application/json',
    channels: {
      events: {
        address: 'plumbline.events',
        description:
          'CloudEvents 1.0, structured or Kafka binary mode, keyed by SKU; commands by exception id; ticks in every partition',
        messages: Object.fromEntries(eventTypes.map((type) => [type, { $ref: `#/components/messages/${type}` }])),
      },
      live: {
        address: SOCKET_PATH,
        description: 'Socket.IO over WebSocket alone: the message name is the event name',
        messages: Object.fromEntries(
          socketNames.map((name) => [name, { $ref: `#/components/messages/socket.${name}` }]),
        ),
      },
    },
    operations: {
      receiveEvents: { action: 'receive', channel: { $ref: '#/channels/events' }, summary: 'The tower reads events' },
      receiveJoins: operation('receive', 'The tower is asked for its state, or told what a viewer looks at', towards('to-server')),
      sendChanges: operation('send', 'The tower tells what changed', towards('to-client')),
    },
    components: { messages: { ...events, ...Object.fromEntries(sockets) } },
  };
}

const operation = (action: 'send' | 'receive', summary: string, names: string[]): JsonDocument => ({
  action,
  channel: { $ref: '#/channels/live' },
  summary,
  messages: names.map((name) => ({ $ref: `#/channels/live/messages/${name}` })),
});

const eventMessage = (type: EventType): JsonDocument => ({
  name: type,
  title: type,
  summary: eventSchemas[type].description,
  contentType: 'application/cloudevents+json',
  payload: payloadOf(eventSchemas[type]),
  examples: [{ payload: exampleOf(type) }],
});

/** AsyncAPI's own schema objects are a superset of draft 07. */
const payloadOf = (schema: z.ZodType): JsonDocument =>
  bare(z.toJSONSchema(schema, { io: 'input', target: 'draft-07' }));
