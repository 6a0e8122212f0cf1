import type { CommandName, Exception, ExceptionStatus } from '@plumbline/contracts';

/** What people may do to an exception; taking it back is not one of them but what undoes them. */
export type Act = Exclude<CommandName, 'undo'>;

/** What a command leaves on an exception, as far as a row shows it. */
export type Patch = Partial<Pick<Exception, 'status' | 'owner' | 'snoozedUntil' | 'reason'>>;

export interface CommandInput {
  owner?: string;
  /** RFC 3339 */
  until?: string;
  note?: string;
  reason?: string;
}

/**
 * A command that was sent and is not yet in what the server says. It is shown as if it had happened, until a delta says
 * the same, the server refuses, or its time is over and the server's state counts.
 */
export interface Overlay {
  eventId: string;
  exceptionId: string;
  patch: Patch;
  /** Change number of the exception when it was sent: only what is newer can confirm it. */
  after: number;
  /** Viewer's clock, milliseconds. */
  until: number;
}

/** Statuses from which each command may be given; the server decides, this only saves a useless question. */
const OPEN: readonly ExceptionStatus[] = ['open', 'acknowledged', 'in-progress'];
const CLOSED: readonly ExceptionStatus[] = ['resolved', 'cleared', 'dismissed'];
const FROM: Record<Act, readonly ExceptionStatus[]> = {
  acknowledge: ['open'],
  assign: OPEN,
  start: ['open', 'acknowledged'],
  snooze: OPEN,
  resolve: OPEN,
  dismiss: OPEN,
  comment: [...OPEN, ...CLOSED],
  reopen: CLOSED,
};
export const allowed = (command: Act, exception: Exception): boolean =>
  FROM[command].includes(exception.status);

/** What the exception will look like once the command is applied. */
export function patchOf(command: Act, input: CommandInput, exception: Exception): Patch {
  switch (command) {
    case 'acknowledge':
      return { status: 'acknowledged' };
    case 'start':
      return { status: 'in-progress' };
    case 'assign':
      return { owner: input.owner ?? exception.owner };
    case 'snooze':
      return { snoozedUntil: input.until ?? null };
    case 'resolve':
      return { status: 'resolved', reason: input.note ?? null, snoozedUntil: null };
    case 'dismiss':
      return { status: 'dismissed', reason: input.reason ?? null, snoozedUntil: null };
    case 'reopen':
      return { status: 'open', reason: null };
    case 'comment':
      return {};
  }
}

/** The patch that takes another one back. */
export function reverse(patch: Patch, before: Exception): Patch {
  const back: Patch = {};
  if ('status' in patch) back.status = before.status;
  if ('owner' in patch) back.owner = before.owner;
  if ('snoozedUntil' in patch) back.snoozedUntil = before.snoozedUntil;
  if ('reason' in patch) back.reason = before.reason;
  return back;
}

const sameInstant = (one: string | null, other: string | null): boolean =>
  one === other || (one !== null && other !== null && Date.parse(one) === Date.parse(other));

/** Whether the server's state says what the overlay promised. */
export function confirms(exception: Exception, { patch, after }: Overlay): boolean {
  if (exception.change <= after) return false;
  return (
    (!('status' in patch) || patch.status === exception.status) &&
    (!('owner' in patch) || patch.owner === exception.owner) &&
    (!('snoozedUntil' in patch) || sameInstant(patch.snoozedUntil ?? null, exception.snoozedUntil))
  );
}

export interface Overlaid {
  exceptions: ReadonlyMap<string, Exception>;
  /** Those still waiting. */
  overlays: readonly Overlay[];
  /** Those whose time was over without a word from the server. */
  unheard: readonly Overlay[];
}

/** The server's state with what was sent laid over it, in the order of sending. */
export function overlay(
  exceptions: ReadonlyMap<string, Exception>,
  overlays: readonly Overlay[],
  now: number,
): Overlaid {
  if (overlays.length === 0) return { exceptions, overlays, unheard: [] };
  const waiting: Overlay[] = [];
  const unheard: Overlay[] = [];
  for (const one of overlays) {
    const known = exceptions.get(one.exceptionId);
    if (known && confirms(known, one)) continue;
    if (one.until <= now) unheard.push(one);
    else waiting.push(one);
  }
  if (waiting.length === 0) return { exceptions, overlays: waiting, unheard };
  const shown = new Map(exceptions);
  for (const { exceptionId, patch } of waiting) {
    const known = shown.get(exceptionId);
    if (known) shown.set(exceptionId, { ...known, ...patch });
  }
  return { exceptions: shown, overlays: waiting, unheard };
}

/** Adds one; what it says anew of an exception is no longer awaited from those before it. */
export function withOverlay(overlays: readonly Overlay[], added: Overlay): Overlay[] {
  const kept: Overlay[] = [];
  for (const one of overlays) {
    if (one.exceptionId !== added.exceptionId) {
      kept.push(one);
      continue;
    }
    const patch = Object.fromEntries(Object.entries(one.patch).filter(([name]) => !(name in added.patch)));
    if (Object.keys(patch).length > 0) kept.push({ ...one, patch });
  }
  if (Object.keys(added.patch).length > 0) kept.push(added);
  return kept;
}
