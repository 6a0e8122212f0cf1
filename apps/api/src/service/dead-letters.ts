import { DecodedEvent, EventDecoder, parseEvent, PLAN, TICK, type DeadLetterBody, type DeadLetterPage, type RedriveBody, type RedrivePreview, type RedriveResult } from '@plumbline/contracts';
import { formatInstant, KeyTable, PlumblineError } from '@plumbline/kernel';
import type { AppendRecord, DeadLetter, DeadLetterQuery, LogProducer } from '@plumbline/ports';
import { jsonOf, textOf, utf8 } from './bytes.ts';
import { keyOf, refusal } from './intake.ts';
import type { Now, Source } from './source.ts';

/** What would be sent for a dead letter, or why it cannot be. */
export type Prepared = { id: string; ok: true; event: Record<string, unknown> } | { id: string; ok: false; reason: string; detail: string };

const PAGE = 500;

/** Events that could not be understood, and sending them again after a fix. */
export class DeadLetters {
  readonly #source: Source;
  readonly #now: Now;
  #producer: Promise<LogProducer> | undefined;

  constructor(source: Source, now: Now) {
    this.#source = source;
    this.#now = now;
  }

  async list({ limit = 50, ...filter }: { [K in keyof DeadLetterQuery]?: DeadLetterQuery[K] | undefined }): Promise<DeadLetterPage> {
    const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    const { store } = this.#source;
    const [{ items, next }, counts] = await Promise.all([store.deadLetters({ ...given, limit }), store.deadLetterCounts()]);
    return { items: items.map(bodyOf), next: next ?? null, counts };
  }

  counts(): Promise<{ reason: string; open: number; redriven: number }[]> {
    return this.#source.store.deadLetterCounts();
  }

  /** What a re-drive would send, without sending it. */
  async preview(body: RedriveBody): Promise<Prepared[]> {
    const prepared: Prepared[] = [];
    for await (const letters of this.#chosen(body)) for (const letter of letters) prepared.push(prepare(letter, body.payload).prepared);
    return prepared;
  }

  /** The same as it is told over REST: with the ids that no letter has. @throws PlumblineError 'dead-letter-unknown' when none of them has one */
  async previewed(body: RedriveBody): Promise<RedrivePreview> {
    const prepared = await this.preview(body);
    const known = new Set(prepared.map(({ id }) => id));
    const missing = [...new Set(body.ids)].filter((id) => !known.has(id));
    if (body.ids && known.size === 0) throw noneOf(body.ids);
    return {
      items: [
        ...prepared.map((one): RedrivePreview['items'][number] => (one.ok ? { id: one.id, outcome: 'accepted', event: one.event } : { id: one.id, outcome: 'refused', reason: one.reason, detail: one.detail })),
        ...missing.map((id): RedrivePreview['items'][number] => ({ id, outcome: 'refused', ...UNKNOWN })),
      ],
    };
  }

  /**
   * Sends dead letters again, each with the attribute `redrive` that lets the streams take an event they saw before.
   * @throws PlumblineError 'dead-letter-unknown' when none of the ids is known
   */
  async redrive(body: RedriveBody): Promise<RedriveResult> {
    const result: RedriveResult = { redriven: 0, refused: [] };
    const missing = new Set(body.ids);
    for await (const letters of this.#chosen(body)) {
      const records: AppendRecord[] = [];
      const sent: string[] = [];
      for (const letter of letters) {
        missing.delete(letter.id);
        const { prepared, record } = prepare(letter, body.payload);
        if (prepared.ok && record) {
          records.push(record);
          sent.push(letter.id);
        } else if (!prepared.ok) result.refused.push({ id: letter.id, reason: prepared.reason, detail: prepared.detail });
      }
      if (records.length === 0) continue;
      await this.#append(records);
      await this.#source.store.markRedriven(sent, this.#now());
      result.redriven += sent.length;
    }
    if (body.ids && missing.size === new Set(body.ids).size) throw noneOf(body.ids);
    for (const id of missing) result.refused.push({ id, ...UNKNOWN });
    return result;
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((opened) => opened.close());
  }

  async #append(records: AppendRecord[]): Promise<void> {
    this.#producer ??= this.#source.log.producer();
    const opened = this.#producer;
    opened.catch(() => (this.#producer = undefined));
    await (await opened).append(this.#source.config.topic, records);
  }

  /** Page by page: those of the ids given, or the open ones of a reason. */
  async *#chosen({ ids, reason }: RedriveBody): AsyncGenerator<DeadLetter[]> {
    const wanted = ids && new Set(ids);
    let cursor: string | undefined;
    do {
      const query: DeadLetterQuery = { limit: PAGE, ...(wanted ? {} : { state: 'open' }), ...(reason === undefined ? {} : { reason }), ...(cursor === undefined ? {} : { cursor }) };
      const { items, next } = await this.#source.store.deadLetters(query);
      const chosen = wanted ? items.filter(({ id }) => wanted.delete(id)) : items;
      if (chosen.length > 0) yield chosen;
      cursor = next;
    } while (cursor !== undefined && wanted?.size !== 0);
  }
}

const UNKNOWN = { reason: 'unknown', detail: 'there is no such dead letter' };

const noneOf = (ids: readonly string[]): PlumblineError =>
  new PlumblineError('dead-letter-unknown', `There is no dead letter ${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ' …' : ''}.`, { where: 'ids', fix: 'List them with "plumbline dead-letters list".' });

function prepare(letter: DeadLetter, edited: string | undefined): { prepared: Prepared; record?: AppendRecord } {
  const { id } = letter;
  const refused = (reason: string, detail: string): { prepared: Prepared } => ({ prepared: { id, ok: false, reason, detail } });
  if (letter.redrivenAt !== undefined) return refused('already-redriven', `it was sent again at ${formatInstant(letter.redrivenAt)}; if it failed once more, it is a new dead letter`);
  const json = jsonOf(edited === undefined ? letter.payload : utf8(edited));
  if (json === undefined) return refused('not-json', 'the payload is no JSON; send a corrected one');
  const parsed = parseEvent(json);
  if (!parsed.ok) return refused(parsed.reason, parsed.detail);
  const event = { ...(json as Record<string, unknown>), redrive: id };
  const value = utf8(JSON.stringify(event));
  const decoded = new DecodedEvent();
  const fault = new EventDecoder({ skus: new KeyTable(), locations: new KeyTable(), sources: new KeyTable() }).decode(value, undefined, decoded);
  if (fault) return refused(fault.reason, fault.detail);
  if (decoded.kind === TICK || decoded.kind === PLAN) return refused('not-accepted-here', refusal(parsed.event.type));
  return { prepared: { id, ok: true, event }, record: { key: keyOf(decoded), value } };
}

function bodyOf({ id, reason, detail, source, eventId, payload, at, redrivenAt }: DeadLetter): DeadLetterBody {
  const text = textOf(payload);
  return {
    id,
    reason,
    detail,
    source: source ?? null,
    eventId: eventId ?? null,
    payload: text ?? Buffer.from(payload).toString('base64'),
    payloadEncoding: text === undefined ? 'base64' : 'utf-8',
    at: formatInstant(at),
    redrivenAt: redrivenAt === undefined ? null : formatInstant(redrivenAt),
  };
}
