import type { ExceptionCommand, ExceptionStatus } from '@plumbline/contracts';

/**
 * What may happen to an exception.
 *
 *               ┌────────────── assigned, commented, snoozed, woken keep the status ──────────────┐
 *               │                                                                                 │
 *    raised ──► open ──acknowledged──► acknowledged ──started──► in-progress                      │
 *                │  └───────────────started──────────────────────────▲ │                          │
 *                │                          │                          │                          │
 *                ├──────────── resolved ────┴──────────────────────────┤──► resolved  ──┐         │
 *                ├──────────── dismissed (with a reason) ──────────────┤──► dismissed ──┤ reopened│
 *                └──── cleared (by recovery), joined (a wider cause) ──┘──► cleared   ──┤         │
 *                ▲                                                                      │         │
 *                └──────────────────────────────────────────────────────────────────────┘ ◄───────┘
 *
 * Undone leads back to where the last command of a person found it, from any status.
 * Snoozed is not a status: it stands beside one (`snoozedUntil`) and ends by itself at a tick.
 */
export const lifecycle: readonly Rule[] = [
  { action: 'acknowledged', from: ['open'], to: 'acknowledged' },
  { action: 'assigned', from: ['open', 'acknowledged', 'in-progress'], to: 'same' },
  { action: 'started', from: ['open', 'acknowledged'], to: 'in-progress' },
  { action: 'snoozed', from: ['open', 'acknowledged', 'in-progress'], to: 'same' },
  { action: 'woken', from: ['open', 'acknowledged', 'in-progress'], to: 'same' },
  { action: 'resolved', from: ['open', 'acknowledged', 'in-progress'], to: 'resolved' },
  { action: 'dismissed', from: ['open', 'acknowledged', 'in-progress'], to: 'dismissed' },
  { action: 'cleared', from: ['open', 'acknowledged', 'in-progress'], to: 'cleared' },
  { action: 'joined', from: ['open', 'acknowledged', 'in-progress'], to: 'cleared' },
  { action: 'reopened', from: ['resolved', 'cleared', 'dismissed'], to: 'open' },
  {
    action: 'commented',
    from: ['open', 'acknowledged', 'in-progress', 'resolved', 'cleared', 'dismissed'],
    to: 'same',
  },
  {
    action: 'undone',
    from: ['open', 'acknowledged', 'in-progress', 'resolved', 'cleared', 'dismissed'],
    to: 'before',
  },
];

export interface Rule {
  action: Action;
  from: readonly ExceptionStatus[];
  to: ExceptionStatus | 'same' | 'before';
}

export type PersonsAction =
  | 'acknowledged'
  | 'assigned'
  | 'started'
  | 'snoozed'
  | 'resolved'
  | 'dismissed'
  | 'commented'
  | 'reopened'
  | 'undone';
export type Action = PersonsAction | 'woken' | 'cleared' | 'joined';

/** What a command may change. */
export interface LifecycleStanding {
  status: ExceptionStatus;
  owner: string | null;
  /** Milliseconds UTC. */
  snoozedUntil: number | null;
  /** Why it was dismissed or resolved. */
  reason: string | null;
  /** How often it was opened again. */
  reopened: number;
}

/** A command that can be taken back, and how it found the exception. */
export interface Undoable {
  /** CloudEvents id. */
  id: string;
  /** Milliseconds UTC: the tower's time, and by the clock on the wall where the command says so. */
  at: number;
  saidAt: number | null;
  before: LifecycleStanding;
}

/** The part of an exception that the lifecycle moves. */
export interface LifecycleState extends LifecycleStanding {
  /** Number of the last transition; the first (raised) is 1. */
  sequence: number;
  /** Ids of the last commands applied, oldest first: the same command twice is applied once. */
  applied: string[];
  /** The last command that changed something; null once anything but a comment came after it. */
  last: Undoable | null;
}

export interface Step {
  sequence: number;
  from: ExceptionStatus | null;
  to: ExceptionStatus;
  action: Action | 'raised';
  by: string | null;
  note: string | null;
  /** The command's, where a person acted. */
  eventId?: string;
}

export interface Refusal {
  /** `repeated`: already applied, nothing to do. */
  code: 'repeated' | 'not-from-here' | 'reason-missing' | 'owner-missing' | 'until-not-later' | 'not-the-last' | 'too-late';
  message: string;
}

export type Outcome<S extends LifecycleState> = { state: S; step: Step } | { refused: Refusal };

/** Commands remembered per exception; a repeat arrives within seconds, or not at all behind the log's duplicate window. */
const REMEMBERED = 64;

/**
 * A command can be taken back so long. It guards against undoing what others have long acted upon; that nothing came
 * between is what makes it safe. Measured by the clock on the wall where both commands bear it, because ten seconds of
 * a person in a demo or replay are hours of the tower's time; otherwise by their own times. Both lie in the log, so a
 * replay decides alike.
 */
export const UNDO_MS = 10 * 60_000;

const live: readonly ExceptionStatus[] = ['open', 'acknowledged', 'in-progress'];

export const isLive = (status: ExceptionStatus): boolean => live.includes(status);

/** A new exception's lifecycle and its first step. */
export function raised(note: string | null = null): { state: LifecycleState; step: Step } {
  const state: LifecycleState = {
    status: 'open',
    owner: null,
    snoozedUntil: null,
    reason: null,
    reopened: 0,
    sequence: 1,
    applied: [],
    last: null,
  };
  return { state, step: { sequence: 1, from: null, to: 'open', action: 'raised', by: null, note } };
}

/** Applies what a person said. The given state is not changed. */
export function applyCommand<S extends LifecycleState>(state: S, command: ExceptionCommand): Outcome<S> {
  if (state.applied.includes(command.id)) {
    return { refused: { code: 'repeated', message: `Command ${command.id} was applied before` } };
  }
  if (command.type === 'exception.undone') return undo(state, command);
  const action = command.type.slice('exception.'.length) as Exclude<PersonsAction, 'undone'>;
  const fault = faultOf(action, command);
  if (fault) return { refused: fault };
  const outcome = move(state, action, command.by, command.note ?? command.reason ?? null);
  if ('refused' in outcome) return outcome;
  const next = { ...outcome.state, applied: [...state.applied, command.id].slice(-REMEMBERED) };
  if (action === 'assigned') next.owner = command.owner!;
  if (action === 'snoozed') next.snoozedUntil = command.until!;
  if (action === 'dismissed' || action === 'resolved') next.reason = command.reason ?? null;
  // Who takes it in hand without naming an owner owns it.
  if (action === 'started') next.owner = command.owner ?? next.owner ?? command.by;
  if (action !== 'commented') next.last = undoable(state, command);
  return { state: next, step: { ...outcome.step, eventId: command.id } };
}

/** Why a command cannot be taken back, as things stand; undefined when it can. */
export function undoFault(state: LifecycleState, command: ExceptionCommand): Refusal | undefined {
  const { last } = state;
  if (!last || last.id !== command.undoes) {
    return { code: 'not-the-last', message: 'Only the last change can be undone, and something else came after this one' };
  }
  const byWall = last.saidAt !== null && command.saidAt !== undefined;
  const age = byWall ? command.saidAt! - last.saidAt! : command.at - last.at;
  if (age <= UNDO_MS) return undefined;
  return { code: 'too-late', message: `A change can be undone within ${UNDO_MS / 60_000} minutes` };
}

/** Puts status, owner, snooze, reason and count of reopenings back as the command found them. */
function undo<S extends LifecycleState>(state: S, command: ExceptionCommand): Outcome<S> {
  const fault = undoFault(state, command);
  if (fault) return { refused: fault };
  const sequence = state.sequence + 1;
  const applied = [...state.applied, command.id].slice(-REMEMBERED);
  const next = { ...state, ...state.last!.before, sequence, applied, last: null };
  return {
    state: next,
    step: { sequence, from: state.status, to: next.status, action: 'undone', by: command.by, note: null, eventId: command.id },
  };
}

const undoable = ({ status, owner, snoozedUntil, reason, reopened }: LifecycleState, { id, at, saidAt }: ExceptionCommand): Undoable => ({
  id,
  at,
  saidAt: saidAt ?? null,
  before: { status, owner, snoozedUntil, reason, reopened },
});

/** Applies what the tower itself does: wake, clear, join a wider exception, reopen. */
export function applyAction<S extends LifecycleState>(
  state: S,
  action: 'woken' | 'cleared' | 'joined' | 'reopened',
  note: string | null = null,
): Outcome<S> {
  return move(state, action, null, note);
}

function move<S extends LifecycleState>(state: S, action: Exclude<Action, 'undone'>, by: string | null, note: string | null): Outcome<S> {
  const rule = lifecycle.find((candidate) => candidate.action === action);
  if (!rule?.from.includes(state.status)) {
    return {
      refused: {
        code: 'not-from-here',
        message: `An exception that is ${state.status} cannot be ${action}`,
      },
    };
  }
  const to = rule.to === 'same' || rule.to === 'before' ? state.status : rule.to;
  const next = { ...state, status: to, sequence: state.sequence + 1, ...(action === 'commented' ? {} : { last: null }) };
  if (action === 'reopened') {
    next.reopened++;
    next.reason = null;
  }
  if (action === 'woken' || !isLive(to)) next.snoozedUntil = null;
  return { state: next, step: { sequence: next.sequence, from: state.status, to, action, by, note } };
}

function faultOf(action: PersonsAction, command: ExceptionCommand): Refusal | undefined {
  if (action === 'dismissed' && !command.reason?.trim()) {
    return { code: 'reason-missing', message: 'To dismiss an exception, say why' };
  }
  if (action === 'assigned' && !command.owner?.trim()) {
    return { code: 'owner-missing', message: 'To assign an exception, name its owner' };
  }
  if (action === 'snoozed' && !(command.until !== undefined && command.until > command.at)) {
    return { code: 'until-not-later', message: 'To snooze an exception, give an instant later than now' };
  }
  return undefined;
}
