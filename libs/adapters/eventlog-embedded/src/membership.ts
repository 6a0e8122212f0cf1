import pg from 'pg';
import type { Connection } from './connection.ts';

/** A partition in one member's hands, told from other times by its epoch. */
export interface Mark {
  partition: number;
  epoch: number;
}

export interface Attendance {
  topicId: number;
  group: string;
  member: string;
  sessionMs: number;
  /** The member leaves the group. */
  leave: boolean;
  /** Partitions given up. */
  released: readonly Mark[];
  /** Acknowledgements: the next offset of each partition. */
  done: readonly (Mark & { next: number })[];
}

/** A partition that is this member's now. */
export interface AttendRow extends Mark {
  /** False: the group wants it elsewhere, give it up. */
  keep: boolean;
  /** Next offset after the group's last acknowledgement. */
  acknowledged: number | undefined;
}

/** One heartbeat: stores acknowledgements and releases, renews the session, shares out anew when members changed. */
export async function attend(connection: Connection, a: Attendance): Promise<AttendRow[]> {
  const rows = await connection.query<{ partition: number; epoch: string; keep: boolean; acknowledged: string | null }>(
    'SELECT * FROM log.attend($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
    [
      a.topicId,
      a.group,
      a.member,
      a.sessionMs,
      a.leave,
      a.released.map((r) => r.partition),
      a.released.map((r) => r.epoch),
      a.done.map((d) => d.partition),
      a.done.map((d) => d.epoch),
      a.done.map((d) => d.next),
    ],
    'log-attend',
  );
  return rows.map(({ partition, epoch, keep, acknowledged }) => ({
    partition,
    epoch: Number(epoch),
    keep,
    acknowledged: acknowledged === null ? undefined : Number(acknowledged),
  }));
}

/**
 * Ends the sessions of all groups. Only for who knows that no member is left, as when the database itself has just been
 * started: what a killed process held is then shared out at once instead of when its session lapses. A member that lives
 * after all joins again at its next heartbeat.
 */
export async function endSessions(connection: Connection): Promise<void> {
  await connection.query('DELETE FROM log.members');
}

/** What no waiting mends: a right that is missing (42501), the log's tables or the whole database gone (42P01, 42883, 3D000). */
export function isFinal(error: unknown): error is Error {
  return error instanceof pg.DatabaseError && /^(42...|3D000|3F000)$/.test(error.code ?? '');
}
