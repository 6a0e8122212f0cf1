import {
  commandBodies,
  commandEventTypes,
  describeIssues,
  encodeEvent,
  parseEvent,
  type BulkCommandResult,
  type BulkCommandsBody,
  type BulkCommandsResult,
  type CommandAccepted,
  type CommandBody,
  type CommandName,
  type Exception,
  type ExceptionCommand,
  type ExceptionDetail,
  type ExceptionPage,
  type ExceptionTransition,
  type PeoplePage,
} from '@plumbline/contracts';
import { applyCommand, type LifecycleState, type Undoable } from '@plumbline/exceptions';
import { formatInstant, parseInstant, PlumblineError, type Instant } from '@plumbline/kernel';
import type { AppendRecord, ExceptionQuery, LogProducer } from '@plumbline/ports';
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
const PEOPLE_SHOWN = 50;
/** How long what was accepted but not yet applied is taken into account. */
const PENDING_MS = 10_000;

/** Exceptions as they stand, and what people say about them. Every command is an event; the roll-up applies it. */
export class Exceptions {
  readonly #source: Source;
  readonly #now: Now;
  #producer: Promise<LogProducer> | undefined;
  readonly #accepted = new Map<string, Accepted>();
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
    if (repeated) return { ...repeated.answer, applied: false };
    const history = await this.#source.store.transitions(id);
    const at = await towerTime(this.#source.store, this.#now);
    const { command, value } = encode(id, name, body, at, this.#now());
    this.#check(exception, history, command);
    await this.#append([{ key: utf8(id), value }]);
    const accepted = this.#remember(command);
    if (waitMs <= 0) return { ...accepted, applied: false };
    const after = history.at(-1)?.sequence ?? -1;
    const applied = await this.#applied(command, after, waitMs, signal);
    return { ...accepted, applied, exception: await this.show(id) };
  }

  /**
   * Commands on many exceptions, in their order, appended to the log together. One that cannot be accepted is told in
   * its result and keeps none of the others from being.
   */
  async commands({ items }: BulkCommandsBody): Promise<BulkCommandsResult> {
    const { store } = this.#source;
    const ids = [...new Set(items.map(({ id }) => id))];
    const undone = new Set(items.flatMap(({ id, command }) => (command === 'undo' ? [id] : [])));
    const [at, ...found] = await Promise.all([
      towerTime(store, this.#now),
      ...ids.map(async (id) => [id, { exception: await store.exception(id), history: undone.has(id) ? await store.transitions(id) : [] }] as const),
    ]);
    const known = new Map(found);
    const records: AppendRecord[] = [];
    const commands: ExceptionCommand[] = [];
    const results = items.map((item, index): BulkCommandResult => {
      const said = { index, id: item.id, command: item.command };
      try {
        const { command, value } = this.#one(item, known.get(item.id)!, at);
        const repeated = this.#accepted.get(`${item.id} ${command.id}`);
        if (!repeated) {
          records.push({ key: utf8(item.id), value });
          commands.push(command);
        }
        return { ...said, status: 'accepted', eventId: command.id, type: commandEventTypes[item.command] };
      } catch (error) {
        if (!(error instanceof PlumblineError)) throw error;
        return { ...said, status: 'refused', code: error.code, detail: error.message };
      }
    });
    if (records.length > 0) await this.#append(records);
    for (const command of commands) this.#remember(command);
    const accepted = results.filter(({ status }) => status === 'accepted').length;
    return { accepted, refused: results.length - accepted, results };
  }

  /** Names for the assign box. */
  async people(): Promise<PeoplePage> {
    const people = await this.#source.store.people(PEOPLE_SHOWN);
    return { items: people.map(({ name, lastAt }) => ({ name, lastAt: formatInstant(lastAt) })), next: null };
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((opened) => opened.close());
  }

  async #find(id: string): Promise<Exception> {
    const exception = await this.#source.store.exception(id);
    if (exception) return exception;
    throw unknown(id);
  }

  #one(
    { id, command: name, body }: BulkCommandsBody['items'][number],
    { exception, history }: { exception: Exception | undefined; history: readonly ExceptionTransition[] },
    at: Instant,
  ): Encoded {
    if (!exception) throw unknown(id);
    const parsed = commandBodies[name].safeParse(body ?? {});
    if (!parsed.success) throw new PlumblineError('command-invalid', describeIssues(parsed.error.issues, body ?? {}), { where: id });
    const encoded = encode(id, name, parsed.data, at, this.#now());
    if (!this.#accepted.has(`${id} ${encoded.command.id}`)) this.#check(exception, history, encoded.command);
    return encoded;
  }

  /** Takes into account what this process accepted a moment ago and the roll-up has not applied yet. */
  #check(exception: Exception, history: readonly ExceptionTransition[], command: ExceptionCommand): void {
    const pending = this.#pending.get(exception.id);
    const fresh = pending && pending.change === exception.change && this.#now() - pending.since < PENDING_MS;
    const outcome = applyCommand(fresh ? pending.state : this.#standing(exception, history, command), command);
    if ('state' in outcome) {
      this.#pending.set(exception.id, { change: exception.change, since: this.#now(), state: outcome.state });
      if (this.#pending.size > REMEMBERED) this.#pending.delete(this.#pending.keys().next().value!);
      return;
    }
    const { code, message } = outcome.refused;
    if (code === 'repeated') return;
    const fix = FIXES[code] ?? `Look at it first: it is ${exception.status}.`;
    throw new PlumblineError(INCOMPLETE.has(code) ? 'command-invalid' : 'command-refused', `${message}.`, { where: exception.id, fix });
  }

  /** An exception's lifecycle as far as it shows. How old a command is, only the process that took it can tell. */
  #standing(exception: Exception, history: readonly ExceptionTransition[], { saidAt }: ExceptionCommand): LifecycleState {
    const state = lifecycleOf(exception);
    const step = history.findLast(({ action }) => action !== 'commented');
    if (step?.eventId === undefined || step.action === 'undone') return state;
    const last: Undoable = {
      id: step.eventId,
      at: parseInstant(step.at),
      saidAt: this.#accepted.get(`${exception.id} ${step.eventId}`)?.saidAt ?? saidAt ?? null,
      before: { ...lifecycleOf(exception), status: step.from ?? 'open' },
    };
    return { ...state, last };
  }

  async #append(records: AppendRecord[]): Promise<void> {
    this.#producer ??= this.#source.log.producer();
    const opened = this.#producer;
    opened.catch(() => (this.#producer = undefined));
    await (await opened).append(this.#source.config.topic, records);
  }

  #remember({ exceptionId, id, type, saidAt }: ExceptionCommand): CommandAccepted {
    const answer = { exceptionId, eventId: id, type };
    this.#accepted.set(`${exceptionId} ${id}`, { answer, saidAt });
    if (this.#accepted.size > REMEMBERED) this.#accepted.delete(this.#accepted.keys().next().value!);
    return answer;
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

interface Accepted {
  answer: CommandAccepted;
  saidAt: Instant | undefined;
}

interface Encoded {
  command: ExceptionCommand;
  value: Uint8Array;
}

const INCOMPLETE: ReadonlySet<string> = new Set(['reason-missing', 'owner-missing', 'until-not-later']);
const FIXES: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...INCOMPLETE].map((code) => [code, 'Give what is missing and send it again.'])),
  'not-the-last': 'Look at its history; then say what is right now, for example reopen it.',
  'too-late': 'Say what is right now, for example reopen it.',
};

const unknown = (id: string): PlumblineError =>
  new PlumblineError('exception-unknown', `There is no exception ${id}.`, { where: 'id', fix: 'List them with "plumbline exceptions list".' });

/** `at` is the tower's time, `saidAt` the wall clock's. */
function encode(exceptionId: string, name: CommandName, body: CommandBody<CommandName>, at: Instant, saidAt: Instant): Encoded {
  const { id = randomUUID(), by = 'operator', ...said }: { id?: string; by?: string; until?: string; owner?: string; reason?: string; note?: string; undoes?: string } = withoutAbsent(body);
  const type = commandEventTypes[name];
  const event = { specversion: '1.0', id, source: SOURCE, type, time: formatInstant(at), datacontenttype: 'application/json', data: { exceptionId, by, ...said, saidAt: formatInstant(saidAt) } };
  const parsed = parseEvent(event);
  if (!parsed.ok) throw new PlumblineError('command-invalid', parsed.detail, { where: 'body', fix: 'Correct it and send it again.' });
  const { until, ...rest } = said;
  const command = { type, id, exceptionId, by, at, saidAt, ...rest, ...(until === undefined ? {} : { until: parseInstant(until) }) };
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
  last: null,
});
