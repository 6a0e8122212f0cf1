import type { Exception } from '@plumbline/contracts';
import { dismissToast, failed, notify } from '#ui/toast.ts';
import { newId } from './identity.ts';
import { live } from './live.svelte.ts';
import { allowed, patchOf, reverse, type Act, type CommandInput, type Patch } from './overlay.ts';
import { sendOrders, sendUndo, type Order, type Refusal } from './sending.ts';
import { viewer } from './viewer.svelte.ts';

/** What can be undone, for so long, milliseconds. */
export const UNDO_MS = 10_000;
/** A command that was accepted shows within this time or is taken back, milliseconds. */
const AWAITED = 15_000;

/** Commands that need words from the viewer before they are sent. */
const ASKS: ReadonlySet<Act> = new Set<Act>(['assign', 'snooze', 'resolve', 'dismiss', 'comment']);

const DONE: Record<Act, string> = {
  acknowledge: 'acknowledged',
  assign: 'assigned',
  start: 'started',
  snooze: 'snoozed',
  resolve: 'resolved',
  dismiss: 'dismissed',
  comment: 'commented',
  reopen: 'reopened',
};

interface Done extends Order {
  patch: Patch;
  before: Exception;
}

interface Undoable {
  what: string;
  done: readonly Done[];
  sent: Promise<unknown>;
  toast: string | number;
  until: number;
}

export interface Question {
  kind: Act | 'name';
  ids: readonly string[];
}

/** Exceptions that live messages do not hold (closed ones of an earlier day) can be acted on once they are made known here. */
const elsewhere = new Map<string, Exception>();
export const knowing = (exception: Exception): void => void elsewhere.set(exception.id, exception);

class Commands {
  /** The dialog that is to be open; the layout's host shows it. */
  question = $state.raw<Question | undefined>();
  #afterName: (() => void) | undefined;
  #undoable: Undoable | undefined;

  /** The viewer answered, or closed the dialog. */
  answer(input?: CommandInput): void {
    const question = this.question;
    this.question = undefined;
    if (question && question.kind !== 'name' && input) act(question.kind, question.ids, input);
  }

  named(name: string): void {
    this.question = undefined;
    const next = this.#afterName;
    this.#afterName = undefined;
    if (name.trim() === '') return;
    viewer.rename(name);
    live.introduce(viewer.name!);
    next?.();
  }

  unnamed(): void {
    this.question = undefined;
    this.#afterName = undefined;
  }

  /** Asks for the viewer's name, and goes on once it is given. */
  askName(next?: () => void): void {
    this.#afterName = next;
    this.question = { kind: 'name', ids: [] };
  }

  perform(kind: Act, ids: readonly string[], input: CommandInput): void {
    const by = viewer.name!;
    const done = ids.flatMap((id): Done[] => {
      const before = shown(id);
      if (!before || !allowed(kind, before)) return [];
      return [{ exceptionId: id, eventId: newId(), patch: patchOf(kind, input, before), before }];
    });
    if (done.length === 0) return void notify(`Nothing here can be ${DONE[kind]}: it already is, or it is closed.`);
    for (const one of done) lay(one, one.patch);
    const what = `${subject(done)} ${DONE[kind]}`;
    const sent = this.#send(what, done, () => sendOrders(kind, done, by, input));
    // What was said cannot be unsaid.
    if (kind === 'comment') void sent.then((refused) => refused === 0 && notify(what));
    else this.#offerUndo(what, done, sent);
  }

  /** Takes the last action back, within ten seconds. */
  async undo(): Promise<void> {
    const last = this.#undoable;
    this.#undoable = undefined;
    if (!last || Date.now() > last.until) return void notify('There is nothing to undo: ten seconds are over.');
    dismissToast(last.toast);
    await last.sent;
    const orders = last.done.map((one) => ({ ...one, eventId: newId(), undoes: one.eventId }));
    for (const one of orders) lay(one, reverse(one.patch, one.before));
    const failures = await this.#send(`${last.what}: undo`, orders, () => sendUndo(orders, viewer.name!));
    if (failures === 0) notify(`Undone: ${last.what}`);
  }

  #offerUndo(what: string, done: readonly Done[], sent: Promise<unknown>): void {
    if (this.#undoable) dismissToast(this.#undoable.toast);
    const toast = notify(what, { label: 'Undo  u', run: () => void this.undo(), ms: UNDO_MS });
    this.#undoable = { what, done, sent, toast, until: Date.now() + UNDO_MS };
  }

  /** Sends; what is refused is taken back from the page, and said. Answers how many were. */
  async #send(what: string, orders: readonly Order[], ask: () => Promise<Refusal[]>): Promise<number> {
    try {
      const refusals = await ask();
      if (refusals.length === 0) return 0;
      live.lift(new Set(refusals.map(({ eventId }) => eventId)));
      failed(`Refused: ${refusals.map(({ exceptionId }) => exceptionId).join(', ')}`, new Error(refusals[0]!.detail));
      if (this.#undoable && refusals.length === orders.length) dismissToast(this.#undoable.toast);
      return refusals.length;
    } catch (error) {
      live.lift(new Set(orders.map(({ eventId }) => eventId)));
      if (this.#undoable) dismissToast(this.#undoable.toast);
      this.#undoable = undefined;
      failed(`Not done: ${what}`, error);
      return orders.length;
    }
  }
}

const shown = (id: string): Exception | undefined => live.exceptions.get(id) ?? elsewhere.get(id);

function lay({ exceptionId, eventId, before }: Done, patch: Patch): void {
  const after = live.confirmed(exceptionId)?.change ?? before.change;
  live.lay({ eventId, exceptionId, patch, after, until: Date.now() + AWAITED });
}

const subject = (done: readonly Done[]): string =>
  done.length === 1 ? done[0]!.exceptionId : `${done.length} exceptions`;

export const commands = new Commands();

live.onUnheard((overlays) => {
  const ids = [...new Set(overlays.map(({ exceptionId }) => exceptionId))].join(', ');
  failed(`${ids}: what you did has not taken effect`, new Error('Its state may have changed meanwhile. Look at its history and do it again.'));
});

/**
 * The one way to act on exceptions: asks for the viewer's name the first time, asks for what the command needs unless
 * `input` is given, shows the outcome at once, and corrects itself if refused.
 */
export function act(kind: Act, ids: readonly string[], input?: CommandInput): void {
  if (ids.length === 0) return;
  if (viewer.name === null) return commands.askName(() => act(kind, ids, input));
  if (input === undefined && ASKS.has(kind)) {
    commands.question = { kind, ids: [...ids] };
    return;
  }
  commands.perform(kind, ids, input ?? {});
}

export const undo = (): void => void commands.undo();
