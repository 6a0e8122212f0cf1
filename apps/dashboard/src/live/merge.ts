import type { DeltaMessage, Exception, ExceptionStatus, Figures, PartMessage, SnapshotMessage } from '@plumbline/contracts';

/** How long what closed stays on the page as "recovered", "resolved", "dismissed", in milliseconds of the viewer's clock. */
export const LINGER = 10_000;

const CLOSED: ReadonlySet<ExceptionStatus> = new Set(['resolved', 'cleared', 'dismissed']);
export const isClosed = (exception: Pick<Exception, 'status'>): boolean => CLOSED.has(exception.status);

/** What the server said up to `change`. Never mutated: each merge gives a new one, or the same where nothing changed. */
export interface Known {
  /** Number of the last change; undefined before the first snapshot. */
  change: number | undefined;
  exceptions: ReadonlyMap<string, Exception>;
  figures: Figures | null;
  /** Closed ones still shown, with the viewer's instant at which they leave. */
  leaving: ReadonlyMap<string, number>;
  /** Of the last snapshot, how many are still to come in parts. Until then `change` is none to join with. */
  rest: number;
  /** From before that snapshot, and not seen in it yet: they stay on the page until it is whole. */
  doubtful: ReadonlySet<string>;
}

export const nothing: Known = { change: undefined, exceptions: new Map(), figures: null, leaving: new Map(), rest: 0, doubtful: new Set() };

/** The state anew. What is not in it, nor in its parts, is gone; what was already saying goodbye goes on doing so. */
export function withSnapshot(known: Known, { change, exceptions: told, figures, rest }: SnapshotMessage): Known {
  const exceptions = new Map(told.map((exception) => [exception.id, exception]));
  const leaving = new Map<string, number>();
  const doubtful = new Set<string>();
  for (const [id, exception] of known.exceptions) {
    if (exceptions.has(id)) continue;
    const leavesAt = known.leaving.get(id);
    if (leavesAt !== undefined) leaving.set(id, leavesAt);
    else if (rest > 0) doubtful.add(id);
    else continue;
    exceptions.set(id, exception);
  }
  return { change, exceptions, figures, leaving, rest, doubtful };
}

/** More of the snapshot. With its last part, what came in none of them is gone. */
export function withPart(known: Known, { exceptions: told, rest }: PartMessage): Known {
  const exceptions = new Map(known.exceptions);
  const leaving = new Map(known.leaving);
  const doubtful = new Set(known.doubtful);
  for (const exception of told) {
    const before = exceptions.get(exception.id);
    const older = before && before.change >= exception.change;
    // A number from before the snapshot may be of another store.
    if (doubtful.delete(exception.id) || !older) exceptions.set(exception.id, exception);
    if (!older) leaving.delete(exception.id);
  }
  if (rest > 0) return { ...known, exceptions, leaving, rest, doubtful };
  for (const id of doubtful) exceptions.delete(id);
  return { ...known, exceptions, leaving, rest, doubtful: new Set() };
}

export type Merge = { known: Known } | { gap: true; known: Known };

/**
 * Applies deltas in the order they came. One that is wholly known is a duplicate and changes nothing; one that does not
 * follow what is known leaves a gap: everything before it is kept, the client joins again.
 * @param now viewer's clock, milliseconds
 */
export function withDeltas(known: Known, messages: readonly DeltaMessage[], now: number): Merge {
  let { change, figures } = known;
  let exceptions: Map<string, Exception> | undefined;
  let leaving: Map<string, number> | undefined;
  const doubtful = new Set(known.doubtful);
  const result = (): Known => ({
    ...known,
    doubtful,
    change,
    figures,
    exceptions: exceptions ?? known.exceptions,
    leaving: leaving ?? known.leaving,
  });
  for (const message of messages) {
    if (change !== undefined && message.change <= change && message.from < change) continue;
    if (change === undefined || message.from !== change) return { gap: true, known: result() };
    change = message.change;
    if (message.figures) figures = mergeFigures(figures, message.figures);
    if (message.exceptions.length === 0) continue;
    exceptions ??= new Map(known.exceptions);
    leaving ??= new Map(known.leaving);
    for (const exception of message.exceptions) {
      // Its number is from before the snapshot, perhaps of another store.
      if (doubtful.delete(exception.id)) exceptions.delete(exception.id);
      place(exceptions, leaving, exception, now);
    }
  }
  return { known: result() };
}

function place(into: Map<string, Exception>, leaving: Map<string, number>, exception: Exception, now: number): void {
  const before = into.get(exception.id);
  if (before && before.change >= exception.change) return;
  into.set(exception.id, exception);
  if (!isClosed(exception)) leaving.delete(exception.id);
  else if (!before || !isClosed(before)) leaving.set(exception.id, now + LINGER);
}

type ChangedFigures = NonNullable<DeltaMessage['figures']>;

/** Members that changed replace those known. Parts of figures without figures to add them to say nothing. */
function mergeFigures(known: Figures | null, changed: ChangedFigures): Figures | null {
  if (known) return { ...known, ...changed } as Figures;
  return isWhole(changed) ? changed : null;
}

const isWhole = (figures: ChangedFigures): figures is Figures =>
  figures.tick !== undefined && figures.today !== undefined && figures.feeds !== undefined && figures.open !== undefined;

/** Lets go of what has said goodbye long enough; the same object where nothing was due. */
export function withoutLeft(known: Known, now: number): Known {
  const due = [...known.leaving].filter(([, at]) => at <= now);
  if (due.length === 0) return known;
  const exceptions = new Map(known.exceptions);
  const leaving = new Map(known.leaving);
  for (const [id] of due) {
    exceptions.delete(id);
    leaving.delete(id);
  }
  return { ...known, exceptions, leaving };
}
