import { Controller, Inject, Query, Req, Res } from '@nestjs/common';
import { eventQuerySchema, type ArchivedEventPage, type IngestLine, type IngestResult } from '@plumbline/contracts';
import { PlumblineError } from '@plumbline/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import type { z } from 'zod';
import { jsonOf, utf8 } from '../service/bytes.ts';
import { count, gather } from '../service/ingest.ts';
import { CONTEXT, SERVICES, type ApiContext, type Services } from './context.ts';
import { problemOf } from './problem.ts';
import { Fits, Serve } from './serve.ts';

const NDJSON = 'application/x-ndjson';

@Controller()
export class EventsController {
  readonly #services: Services;
  readonly #context: ApiContext;

  constructor(@Inject(SERVICES) services: Services, @Inject(CONTEXT) context: ApiContext) {
    this.#services = services;
    this.#context = context;
  }

  @Serve('listEvents')
  list(@Query(new Fits(eventQuerySchema)) query: z.output<typeof eventQuerySchema>): Promise<ArchivedEventPage> {
    return this.#services.events.list(query);
  }

  @Serve('sendEvents')
  async send(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<IngestResult | Readable> {
    const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    const { ingest } = this.#services;
    if (type === NDJSON) return this.#stream(request, reply);
    if (!Buffer.isBuffer(request.body)) throw new PlumblineError('no-events', 'The request has no body.', { where: 'body', fix: 'Send at least one CloudEvent.' });
    if (type === 'application/cloudevents-batch+json') return ingest.batch(request.body);
    if (type === 'application/json') {
      if (request.headers['ce-id'] !== undefined || request.headers['ce-type'] !== undefined) return this.#one(binaryEvent(request.headers, request.body));
      if (Array.isArray(jsonOf(request.body))) return ingest.batch(request.body);
    }
    return this.#one(request.body);
  }

  /** A single event that cannot be understood is a bad request (and a dead letter); in a list it is one line of the answer. */
  async #one(event: Uint8Array): Promise<IngestResult> {
    const result = await this.#services.ingest.single(event);
    const [line] = result.results;
    if (line?.status !== 'rejected') return result;
    throw new PlumblineError(line.reason === 'too-large' ? 'request-too-large' : 'event-unfit', `${line.reason}: ${line.detail}`, { where: 'body', fix: 'It is kept among the dead letters; correct it and send it again.' });
  }

  async #stream(request: FastifyRequest, reply: FastifyReply): Promise<IngestResult | Readable> {
    const { ingest } = this.#services;
    const body = request.body as AsyncIterable<Uint8Array>;
    if (request.headers.accept?.includes(NDJSON)) {
      void reply.header('content-type', NDJSON);
      return Readable.from(this.#answer(ingest.lines(body), request.url));
    }
    const { requestBytes } = ingest.limits;
    const length = Number(request.headers['content-length'] ?? 0);
    if (length > requestBytes) throw tooLarge(requestBytes);
    return gather(ingest.lines(limited(body, requestBytes)));
  }

  /** A line for each event, then one that sums up. A failure on the way is the last line, for the status is already said. */
  async *#answer(portions: AsyncIterable<IngestLine[]>, url: string): AsyncGenerator<string> {
    const totals = { received: 0, accepted: 0, duplicates: 0, rejected: 0 };
    try {
      for await (const lines of portions) {
        count(totals, lines);
        yield lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      }
      yield `${JSON.stringify(totals)}\n`;
    } catch (error) {
      this.#context.logger.warn({ err: error }, 'stream of events ended early');
      yield `${JSON.stringify({ ...totals, problem: problemOf(error, url).body })}\n`;
    }
  }
}

async function* limited(chunks: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > most) throw tooLarge(most);
    yield chunk;
  }
}

const tooLarge = (most: number): PlumblineError =>
  new PlumblineError('request-too-large', `The request has more than ${most} bytes.`, {
    where: 'body',
    fix: `Ask for ${NDJSON} with the Accept header: then a stream of any length is answered line by line. What was taken so far is recognised when it is sent again.`,
  });

/** HTTP binary mode: attributes in headers named ce-…, percent-encoded; the body is the data. */
function binaryEvent(headers: FastifyRequest['headers'], body: Uint8Array): Uint8Array {
  const event: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(headers)) if (name.startsWith('ce-') && typeof value === 'string') event[name.slice(3)] = decoded(value);
  event['datacontenttype'] = 'application/json';
  event['data'] = jsonOf(body);
  return utf8(JSON.stringify(event));
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
