import type { DeltaMessage, LookersMessage, PartMessage, SnapshotMessage, StaleMessage } from '@plumbline/contracts';
import type { Watching } from './watching.ts';

/** The connection to one client. */
export interface Line {
  /** `acknowledged` is called when the client says that it has applied the message, or never. */
  send(name: 'snapshot', message: SnapshotMessage, acknowledged: () => void): void;
  send(name: 'part', message: PartMessage, acknowledged: () => void): void;
  send(name: 'delta', message: DeltaMessage, acknowledged: () => void): void;
  send(name: 'lookers', message: LookersMessage, acknowledged: () => void): void;
  stale(message: StaleMessage): void;
  /** Breaks the connection, so that the client makes a new one. */
  drop(): void;
}

/** Why a client gets a snapshot rather than a delta. */
export type SnapshotReason = 'first' | 'behind' | 'ahead' | 'watch' | 'restored' | 'rejoined';

/** Where one client stands. It changes when a message is sent: there is no other until that one is acknowledged. */
export interface Viewer {
  readonly line: Line;
  watching: Watching;
  /** The change number the client has; undefined: it has to get a snapshot. */
  has: number | undefined;
  why: SnapshotReason;
  /** What of its snapshot is still to be sent, most urgent first. */
  rest: readonly string[];
  /** Nothing it watches changed up to here, though it was not told so. */
  reached: number;
  /** Update of the figures it has. */
  figures: number;
  /** It has joined and waits for an answer, though nothing may have changed. */
  owed: boolean;
  unacknowledged: { since: number; late: NodeJS.Timeout; snapshot: boolean } | undefined;
  /** Not before this instant, and the timer for it. */
  notBefore: number;
  timer: NodeJS.Timeout | undefined;
  lookers: LookersMessage | undefined;
  /** The store that its number is of, as far as it said. */
  store: string | undefined;
  /** The name it gave, for others who look at the same. */
  by: string | undefined;
}

export const viewerOf = (line: Line, watching: Watching): Viewer => ({
  line,
  watching,
  has: undefined,
  why: 'first',
  rest: [],
  reached: 0,
  figures: 0,
  owed: true,
  unacknowledged: undefined,
  notBefore: -Infinity,
  timer: undefined,
  lookers: undefined,
  store: undefined,
  by: undefined,
});
