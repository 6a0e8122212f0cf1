import type { IngestLine, IngestResult } from '@plumbline/contracts';
import { MAX_EVENT_BYTES } from '@plumbline/contracts';
import { PlumblineError } from '@plumbline/kernel';
import type { LogProducer } from '@plumbline/ports';
import { jsonOf, utf8 } from './bytes.ts';
import { Intake, type Portion } from './intake.ts';
import { linesOf, type Line } from './ndjson.ts';
import type { Now, Source } from './source.ts';

export interface IngestLimits {
  /** Of one event. */
  eventBytes: number;
  /** Of a request that is answered as a whole. */
  requestBytes: number;
  /** Events of a batch. */
  batch: number;
  /** Of all requests being worked on; beyond it new ones are told to come back. */
  underWayBytes: number;
}

export const INGEST_LIMITS: IngestLimits = {
  eventBytes: MAX_EVENT_BYTES,
  requestBytes: 64 * 1024 * 1024,
  batch: 100_000,
  underWayBytes: 32 * 1024 * 1024,
};

/** The tower has too much under way: come back after `seconds`. */
export class RetryLater extends PlumblineError {
  readonly seconds: number;

  constructor(seconds: number) {
    super('retry-later', 'The tower is taking in as much as it can.', { fix: `Send the request again after ${seconds} s.` });
    this.seconds = seconds;
  }
}

/** Called for each line's outcome, for the figures. */
export type IngestObserver = (line: IngestLine) => void;

/** Size of what is sent to the log in one append. */
const PORTION_LINES = 2000;
const PORTION_BYTES = 1024 * 1024;

/**
 * Takes CloudEvents from outside into the log. Each is checked against its contract first: accepted ones are durable
 * when their line says so; those that cannot be understood are kept as dead letters. Within a request an event is sent
 * once; beyond it the stream recognises duplicates.
 */
export class Ingest {
  readonly #source: Source;
  readonly #now: Now;
  readonly #limits: IngestLimits;
  readonly #observe: IngestObserver;
  #producer: Promise<LogProducer> | undefined;
  #underWay = 0;

  constructor(source: Source, now: Now, limits: Partial<IngestLimits> = {}, observe: IngestObserver = () => {}) {
    this.#source = source;
    this.#now = now;
    this.#limits = { ...INGEST_LIMITS, ...limits };
    this.#observe = observe;
  }

  get limits(): IngestLimits {
    return this.#limits;
  }

  /** Bytes of requests being worked on. */
  get underWay(): number {
    return this.#underWay;
  }

  /**
   * Makes room for a request of so many bytes. @returns what gives the room back
   * @throws RetryLater when too much is under way (one request alone is always let in)
   */
  admit(bytes: number): () => void {
    if (this.#underWay > 0 && this.#underWay + bytes > this.#limits.underWayBytes) throw new RetryLater(1);
    this.#underWay += bytes;
    let held = bytes;
    return () => {
      this.#underWay -= held;
      held = 0;
    };
  }

  /** One event. Its line says 'rejected' when it could not be understood. */
  single(event: Uint8Array): Promise<IngestResult> {
    return this.#whole([{ bytes: event, length: event.length }]);
  }

  /** A JSON list of events. @throws PlumblineError 'no-events', 'batch-too-large' */
  async batch(list: Uint8Array): Promise<IngestResult> {
    const events = jsonOf(list);
    if (!Array.isArray(events)) throw new PlumblineError('no-events', 'The body is no JSON list of CloudEvents.', { where: 'body', fix: 'Send a JSON array, or one event as application/cloudevents+json.' });
    if (events.length > this.#limits.batch) {
      throw new PlumblineError('batch-too-large', `The batch has ${events.length} events, at most ${this.#limits.batch} are taken.`, { where: 'body', fix: 'Send smaller batches, or NDJSON as a stream.' });
    }
    return this.#whole(encodedEach(events));
  }

  /** One event a line, as they come; yields outcomes portion by portion, each when it is durable. */
  async *lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<IngestLine[]> {
    yield* this.#portions(linesOf(chunks, this.#limits.eventBytes + 1));
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((opened) => opened.close());
  }

  async #whole(lines: Iterable<Line> | AsyncIterable<Line>): Promise<IngestResult> {
    return gather(this.#portions(lines));
  }

  /** One portion is on its way while the next is looked at; outcomes are given out in order. */
  async *#portions(lines: Iterable<Line> | AsyncIterable<Line>): AsyncGenerator<IngestLine[]> {
    const intake = new Intake(this.#limits.eventBytes, this.#now());
    let before: { lines: IngestLine[]; sent: Promise<void> } | undefined;
    try {
      for await (const { bytes, length } of lines) {
        intake.take(bytes, length);
        if (intake.portion.lines.length < PORTION_LINES && intake.portion.bytes < PORTION_BYTES) continue;
        const next = this.#begin(intake.takePortion());
        if (before) yield await this.#end(before);
        before = next;
      }
      const last = this.#begin(intake.takePortion());
      if (before) yield await this.#end(before);
      before = undefined;
      if (intake.received === 0) throw new PlumblineError('no-events', 'The request holds no events.', { where: 'body', fix: 'Send at least one CloudEvent.' });
      yield await this.#end(last);
    } finally {
      await before?.sent.catch(() => {});
    }
  }

  #begin(portion: Portion): { lines: IngestLine[]; sent: Promise<void> } {
    const sent = this.#send(portion);
    // Awaited in turn; until then a failure must not count as unhandled.
    sent.catch(() => {});
    return { lines: portion.lines, sent };
  }

  async #end({ lines, sent }: { lines: IngestLine[]; sent: Promise<void> }): Promise<IngestLine[]> {
    await sent;
    for (const line of lines) this.#observe(line);
    return lines;
  }

  async #send({ records, letters }: Portion): Promise<void> {
    if (records.length > 0) {
      this.#producer ??= this.#source.log.producer();
      const opened = this.#producer;
      opened.catch(() => (this.#producer = undefined));
      await (await opened).append(this.#source.config.topic, records);
    }
    if (letters.length > 0) await this.#source.store.addDeadLetters(letters);
  }
}

/** Adds outcomes up to one answer. */
export async function gather(portions: AsyncIterable<IngestLine[]>): Promise<IngestResult> {
  const result: IngestResult = { received: 0, accepted: 0, duplicates: 0, rejected: 0, results: [] };
  for await (const lines of portions) {
    count(result, lines);
    for (const line of lines) result.results.push(line);
  }
  return result;
}

export function count(result: Omit<IngestResult, 'results'>, lines: readonly IngestLine[]): void {
  for (const { status } of lines) {
    result.received++;
    if (status === 'accepted') result.accepted++;
    else if (status === 'rejected') result.rejected++;
    else result.duplicates++;
  }
}

function* encodedEach(events: readonly unknown[]): Generator<Line> {
  for (const event of events) {
    const bytes = utf8(JSON.stringify(event));
    yield { bytes, length: bytes.length };
  }
}
