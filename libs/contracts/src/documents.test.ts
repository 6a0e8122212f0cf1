import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { asyncApiDocument, eventJsonSchemas, openApiDocument, type JsonDocument } from './documents.ts';
import { dataschemaOf, eventSchemas, eventTypes, parseEvent } from './events.ts';
import { exampleOf } from './examples.ts';
import { API_ROOT, commandBodies, commandEventTypes, commandNames } from './rest.ts';
import { routes } from './routes.ts';

const options = { strict: false, allErrors: true } as const;
const withFormats = addFormats as unknown as (ajv: Ajv | Ajv2020) => void;
const judge2020 = (): Ajv2020 => {
  const ajv = new Ajv2020(options);
  withFormats(ajv);
  return ajv;
};

/** Every `$ref` of a document, and what it points at. */
function* references(node: unknown): Generator<string> {
  if (node === null || typeof node !== 'object') return;
  for (const [name, value] of Object.entries(node)) {
    if (name === '$ref' && typeof value === 'string') yield value;
    else yield* references(value);
  }
}
const resolve = (document: unknown, pointer: string): unknown =>
  pointer
    .slice(2)
    .split('/')
    .reduce<unknown>(
      (node, step) => (node as JsonDocument | undefined)?.[step.replaceAll('~1', '/').replaceAll('~0', '~')],
      document,
    );

const omit = (from: JsonDocument, member: string): JsonDocument =>
  Object.fromEntries(Object.entries(from).filter(([name]) => name !== member));

describe('event schemas', () => {
  const schemas = eventJsonSchemas();

  it.each(eventTypes)('%s: its example is valid by code and by JSON Schema', (type) => {
    const example = exampleOf(type);
    expect(parseEvent(example)).toEqual({ ok: true, event: example });
    const validate = judge2020().compile(schemas[type]);
    expect(validate(example), JSON.stringify(validate.errors)).toBe(true);
    expect(schemas[type]['$id']).toBe(dataschemaOf(type));
    for (const member of ['id', 'source', 'specversion', 'data', 'time']) {
      const without = omit(example as JsonDocument, member);
      expect(validate(without), member).toBe(false);
      expect(parseEvent(without), member).toMatchObject({ ok: false });
    }
  });

  it.each(eventTypes)('%s: both refuse data without any one of its required members', (type) => {
    const validate = judge2020().compile(schemas[type]);
    const { required = [] } = (schemas[type]['properties'] as { data: { required?: string[] } }).data;
    expect(required.length).toBeGreaterThan(1);
    for (const member of required) {
      const example = exampleOf(type);
      const data = omit(example.data as JsonDocument, member);
      expect(validate({ ...example, data })).toBe(false);
      const parsed = parseEvent({ ...example, data });
      expect(parsed).toMatchObject({ ok: false, reason: 'schema' });
      if (!parsed.ok) expect(parsed.detail).toContain(`data.${member}: is missing`);
    }
  });
});

describe('OpenAPI', () => {
  const document = openApiDocument('0.1.0');
  const paths = document['paths'] as Record<string, Record<string, JsonDocument>>;

  it('has every route, once, with its parameters and answers', () => {
    expect(document['openapi']).toBe('3.1.0');
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, of]) => ({ path, method, of })),
    );
    expect(operations).toHaveLength(routes.length);
    expect(new Set(operations.map(({ of }) => of['operationId'])).size).toBe(routes.length);
    for (const { path, of } of operations) {
      expect(path.startsWith(`${API_ROOT}/`)).toBe(true);
      const parameters = (of['parameters'] ?? []) as { name: string; in: string; required: boolean }[];
      const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => `{${name}}`);
      expect(inPath).toEqual([...path.matchAll(/\{\w+\}/g)].map(([name]) => name));
      const responses = of['responses'] as JsonDocument;
      expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
    }
  });

  it('points only at what is there', () => {
    for (const pointer of references(document)) expect(resolve(document, pointer), pointer).toBeDefined();
  });

  it('holds only schemas that compile', () => {
    const ajv = judge2020();
    ajv.addSchema({ $id: 'api', components: document['components'] });
    const { schemas } = document['components'] as { schemas: JsonDocument };
    for (const id of Object.keys(schemas))
      expect(ajv.getSchema(`api#/components/schemas/${id}`), id).toBeTypeOf('function');
    const nested = Object.keys(schemas).filter((id) => [...references(schemas[id])].length > 0);
    expect(nested).toContain('ExceptionPage');
  });

  it('says of query parameters what they take', () => {
    const parameters = paths[`${API_ROOT}/exceptions`]!['get']!['parameters'] as {
      name: string;
      schema: JsonDocument;
      required: boolean;
    }[];
    const limit = parameters.find(({ name }) => name === 'limit')!;
    expect(limit).toMatchObject({
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
    });
    expect(parameters.every(({ required }) => !required)).toBe(true);
  });

  it('is the same each time', () => {
    expect(JSON.stringify(openApiDocument('0.1.0'))).toBe(JSON.stringify(document));
  });
});

describe('AsyncAPI', () => {
  const document = asyncApiDocument('0.1.0');

  it('is valid by the specification’s own schema', () => {
    const ajv = new Ajv({ ...options, validateFormats: false });
    const validate = ajv.compile((specs as { schemasWithoutId: Record<string, object> }).schemasWithoutId['3.0.0']!);
    expect(validate(document), JSON.stringify(validate.errors?.slice(0, 5))).toBe(true);
    expect(validate({ ...document, operations: { x: { action: 'shout' } } })).toBe(false);
  });

  it('has every event type and points only at what is there', () => {
    const { messages } = document['components'] as { messages: Record<string, { payload: object }> };
    for (const pointer of references(document)) expect(resolve(document, pointer), pointer).toBeDefined();
    const ajv = new Ajv(options);
    withFormats(ajv);
    for (const type of eventTypes) expect(ajv.validate(messages[type]!.payload, exampleOf(type)), type).toBe(true);
    for (const name of ['snapshot', 'part', 'delta', 'lookers', 'stale', 'join', 'watch', 'looking']) {
      expect(() => ajv.compile(messages[`socket.${name}`]!.payload)).not.toThrow();
    }
  });
});

describe('commands', () => {
  it('carry over REST what their events need', () => {
    for (const name of commandNames) {
      const event = eventSchemas[commandEventTypes[name]].shape.data;
      const required = Object.entries(event.shape).filter(([, schema]) => !schema.safeParse(undefined).success);
      const body = commandBodies[name].shape as Record<string, { safeParse(value: unknown): { success: boolean } }>;
      for (const [member] of required) {
        if (member === 'exceptionId' || member === 'by') continue;
        expect(body[member]?.safeParse(undefined).success, `${name}.${member}`).toBe(false);
      }
    }
  });
});
