import type { DeadLetterBody } from '@plumbline/contracts';

export interface ReasonWords {
  title: string;
  /** What usually helps. */
  fix: string;
}

/** Why an event was put aside, and what to do about it; a reason of a newer tower is shown by its code. */
const known: Record<string, ReasonWords> = {
  'not-json': { title: 'No JSON', fix: 'The sender’s line is cut off or wrongly quoted. Correct the text here, or mend the sender and let it send again.' },
  'not-object': { title: 'No event', fix: 'It is JSON, but not one event. A list goes to the batch media type; a single event is an object.' },
  schema: { title: 'Does not fit its schema', fix: 'The members named below are missing or of the wrong kind. Correct them here; if there are many, mend the sender first.' },
  'unknown-type': { title: 'Unknown type', fix: 'Set “type” to one of the tower’s event types, listed in the API’s documentation.' },
  'unknown-version': { title: 'Unknown version', fix: 'Set “specversion” to 1.0, or the data schema to a version this tower knows.' },
  'too-large': { title: 'Too large', fix: 'Only its beginning was kept. Let the sender send it in parts.' },
  'outside-duplicate-window': { title: 'Older than the duplicate window', fix: 'Nobody can tell whether it was counted before. If it was not, send it again: then it is counted.' },
  future: { title: 'From the future', fix: 'The sender’s clock is ahead. Correct the clock and the event’s time, then send it again.' },
  'not-accepted-here': { title: 'Not accepted over HTTP', fix: 'Ticks and commands are the tower’s own; use its commands instead.' },
};

export const reasonWords = (reason: string): ReasonWords => known[reason] ?? { title: reason, fix: 'The detail below says what was wrong.' };

/** A detail for a line of a list: where it is, and what was found there; what was asked for is told when it is opened. */
export function briefly(detail: string): string {
  const [, where, found] = /^([^:]+): .*; (found .*)$/s.exec(detail) ?? [];
  return where === undefined ? detail : `${where}: ${found}`;
}

/** The payload as a person reads it: JSON with line breaks, else the text as it is. Bytes that are no text stay encoded. */
export function legible({ payload, payloadEncoding }: Pick<DeadLetterBody, 'payload' | 'payloadEncoding'>): string {
  if (payloadEncoding === 'base64') return payload;
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}

/** One line for a list. */
export const excerpt = ({ payload, payloadEncoding }: Pick<DeadLetterBody, 'payload' | 'payloadEncoding'>): string =>
  payloadEncoding === 'base64' ? '(no text)' : payload.replaceAll(/\s+/g, ' ').slice(0, 200);
