import { API_ROOT } from '@plumbline/contracts';
import { PlumblineError } from '@plumbline/kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Ingest } from '../service/ingest.ts';
import { jsonOf } from '../service/bytes.ts';

const EVENTS = `${API_ROOT}/events`;
/** Room taken for a request that does not say how long it is, and the most for a stream: that is held back by its own appends. */
const UNSAID_BYTES = 1024 * 1024;

const isEvents = ({ method, url }: FastifyRequest): boolean => method === 'POST' && url.split('?', 1)[0] === EVENTS;

/**
 * Events keep their bytes: they are what goes to the log. NDJSON is not even gathered but handed on as it comes. All
 * other bodies are JSON. Room for events is asked for before anything of them is read.
 */
export function registerBodies(fastify: FastifyInstance, ingest: Ingest): void {
  const { requestBytes } = ingest.limits;
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer', bodyLimit: requestBytes }, (request, body, done) => {
    if (isEvents(request)) return done(null, body);
    if (body.length === 0) return done(null, undefined);
    const json = jsonOf(body);
    if (json === undefined) return done(new PlumblineError('not-json', 'The body is no JSON in UTF-8.', { where: 'body', fix: 'Correct it and send it again.' }));
    return done(null, json);
  });
  const events = ['application/cloudevents+json', 'application/cloudevents-batch+json'];
  fastify.addContentTypeParser<Buffer>(events, { parseAs: 'buffer', bodyLimit: requestBytes }, (_, body, done) => done(null, body));
  fastify.addContentTypeParser('application/x-ndjson', (_, payload, done) => done(null, payload));
  const rooms = new WeakMap<FastifyRequest, () => void>();
  const giveBack = (request: FastifyRequest): void => {
    rooms.get(request)?.();
    rooms.delete(request);
  };
  fastify.addHook('onRequest', (request, _, done) => {
    if (!isEvents(request)) return done();
    const length = Number(request.headers['content-length'] ?? NaN);
    try {
      const streamed = request.headers['content-type']?.startsWith('application/x-ndjson');
      const said = Number.isFinite(length) ? length : UNSAID_BYTES;
      rooms.set(request, ingest.admit(streamed ? Math.min(said, UNSAID_BYTES) : said));
      done();
    } catch (error) {
      done(error as Error);
    }
  });
  fastify.addHook('onResponse', (request, _, done) => {
    giveBack(request);
    done();
  });
  fastify.addHook('onRequestAbort', (request, done) => {
    giveBack(request);
    done();
  });
}
