import {
  commandEventTypes,
  encodeEvent,
  parseEvent,
  type CommandAccepted,
  type CommandBody,
  type CommandName,
  type Exception,
  type ExceptionCommand,
  type ExceptionDetail,
  type ExceptionPage,
} from '@plumbline/contracts';
import { applyCommand, type LifecycleState } from '@plumbline/exceptions';
import { formatInstant, parseInstant, PlumblineError, type Instant } from '@plumbline/kernel';
import type { ExceptionQuery, LogProducer } from '@plumbline/ports';
import { randomUUID } from 'node:crypto';
import { utf8 } from './bytes.ts';
import { towerTime, type Now, type Source } from './source.ts';

/** What became of a command; `exception` is its state once the roll-up has applied it, when that was waited for. */
export interface CommandOutcome extends CommandAccepted {
  applied: boolean;
  exception?: ExceptionDetail;
}

export interface CommandOptions {
  /** How long to wait for the roll-up to apply it; default 3000 ms, 0 = do not wait. */
  waitMs?: number;
  signal?: AbortSignal;
}

/** Query members that are absent or undefined mean "any". */
export type ExceptionFilter = { [K in keyof ExceptionQuery]?: ExceptionQuery[K] | undefined };

const SOURCE = 'urn:plumbline:people';
const WAIT_STEP_MS = 250;
/** Commands remembered by id, so that a repeated request is answered like the first. */
const REMEMBERED = 1000;
/** How long what was accepted but not yet applied is taken into account. */
const PENDING_MS = 10_000;

/** Exceptions as they stand, and what people say about them. Every command is an event; the roll-up applies it. */
export class Exceptions {
  readonly #source: Source;
  readonly #now: Now;
  #producer: Promise<LogProducer> | undefined;
  readonly #accepted = new Map<string, CommandAccepted>();
  readonly #pending = new Map<string, { change: number; since: Instant; state: LifecycleState }>();

  constructor(source: Source, now: Now) {
    this.#source = source;
    this.#now = now;
  }

  async list({ limit = 50, ...filter }: ExceptionFilter): Promise<ExceptionPage> {
    const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    const { items, next } = await this.#source.store.exceptions({ ...given, limit });
    return { items, next: next ?? null };
  }

  /** @throws PlumblineError 'exception-unknown' */
  async show(id: string): Promise<ExceptionDetail> {
    const [exception, transitions] = await Promise.all([this.#find(id), this.#source.store.transitions(id)]);
    return { ...exception, transitions };
  }

  /**
   * Appends a command to the log, after looking whether it can take effect as things stand.
   * @throws PlumblineError 'exception-unknown', 'command-invalid', 'command-refused'
   */
  async command<N extends CommandName>(id: string, name: N, body: CommandBody<N>, { waitMs = 3000, signal }: CommandOptions = {}): Promise<CommandOutcome> {
    const exception = await this.#find(id);
    const repeated = body.id === undefined ? undefined : this.#accepted.get(`${id} ${body.id}`);
    if (repeated) return { ...repeated, applied: false };
    const history = await this.#source.store.transitions(id);
    const at = await towerTime(this.#source.store, this.#now);
    const { command, value } = encode(id, name, body, at);
    this.#check(exception, command);
    await this.#append(id, value);
    const accepted: CommandAccepted = { exceptionId: id, eventId: command.id, type: commandEventTypes[name] };
    this.#remember(`${id} ${command.id}`, accepted);
    if (waitMs <= 0) return { ...accepted, applied: false };
    const after = history.at(-1)?.sequence ?? -1;
    const applied = await this.#applied(command, after, waitMs, signal);
    return { ...accepted, applied, exception: await this.show(id) };
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((opened) => opened.close());
  }

  async #find(id: string): Promise<Exception> {
    const exception = await this.#source.store.exception(id);
    if (exception) return exception;
    throw new PlumblineError('exception-unknown', `There is no exception ${id}.`, { where: 'id', fix: 'List them with "plumbline exceptions list".' });
  }

  /** Takes into account what this process accepted a moment ago and the roll-up has not applied yet. */
  #check(exception: Exception, command: ExceptionCommand): void {
    const pending = this.#pending.get(exception.id);
    const fresh = pending && pending.change === exception.change && this.#now() - pending.since < PENDING_MS;
    const outcome = applyCommand(fresh ? pending.state : lifecycleOf(exception), command);
    if ('state' in outcome) {
      this.#pending.set(exception.id, { change: exception.change, since: this.#now(), state: outcome.state });
      if (this.#pending.size > REMEMBERED) this.#pending.delete(this.#pending.keys().next().value!);
      return;
    }
    const { code, message } = outcome.refused;
    if (code === 'repeated') return;
    throw new PlumblineError(code === 'not-from-here' ? 'command-refused' : 'command-invalid', `${message}.`, {
      where: exception.id,
      fix: code === 'not-from-here' ? `Look at it first: it is ${exception.status}.` : 'Give what is missing and send it again.',
    });
  }

  async #append(id: string, value: Uint8Array): Promise<void> {
    this.#producer ??= this.#source.log.producer();
    const opened = this.#producer;
    opened.catch(() => (this.#producer = undefined));
    await (await opened).append(this.#source.config.topic, [{ key: utf8(id), value }]);
  }

  #remember(key: string, accepted: CommandAccepted): void {
    this.#accepted.set(key, accepted);
    if (this.#accepted.size > REMEMBERED) this.#accepted.delete(this.#accepted.keys().next().value!);
  }

  async #applied(command: ExceptionCommand, after: number, waitMs: number, signal?: AbortSignal): Promise<boolean> {
    const action = command.type.slice('exception.'.length);
    const until = this.#now() + waitMs;
    for (;;) {
      const transitions = await this.#source.store.transitions(command.exceptionId);
      if (transitions.some((step) => step.sequence > after && step.action === action && step.by === command.by)) return true;
      const left = until - this.#now();
      if (left <= 0 || signal?.aborted) return false;
      await this.#source.store.wait('changes', Math.min(left, WAIT_STEP_MS), signal);
    }
  }
}

function encode(exceptionId: string, name: CommandName, body: CommandBody<CommandName>, at: Instant): { command: ExceptionCommand; value: Uint8Array } {
  const { id = randomUUID(), by = 'operator', ...said }: { id?: string; by?: string; until?: string; owner?: string; reason?: string; note?: string } = withoutAbsent(body);
  const type = commandEventTypes[name];
  const event = { specversion: '1.0', id, source: SOURCE, type, time: formatInstant(at), datacontenttype: 'application/json', data: { exceptionId, by, ...said } };
  const parsed = parseEvent(event);
  if (!parsed.ok) throw new PlumblineError('command-invalid', parsed.detail, { where: 'body', fix: 'Correct it and send it again.' });
  const { until, ...rest } = said;
  const command = { type, id, exceptionId, by, at, ...rest, ...(until === undefined ? {} : { until: parseInstant(until) }) };
  return { command, value: encodeEvent(parsed.event) };
}

const withoutAbsent = (body: object): Record<string, string> =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Record<string, string>;

const lifecycleOf = ({ status, owner, snoozedUntil, reason, reopened }: Exception): LifecycleState => ({
  status,
  owner,
  snoozedUntil: snoozedUntil === null ? null : parseInstant(snoozedUntil),
  reason,
  reopened,
  sequence: 0,
  applied: [],
});
