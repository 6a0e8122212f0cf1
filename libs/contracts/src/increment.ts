/**
 * What one detect partition counted since a tick, told at once and kept by nobody: live figures are those of the
 * roll-up's last tick and the increments that follow it. The counts are absolute since the tick, so that the newest one
 * replaces those before it, whoever sent them.
 */
export interface Increment {
  partition: number;
  /** Of the partition's owner: what a former one says later is not heard. */
  epoch: number;
  /** The tick it follows. */
  follows: number;
  /** The tick that ended it; absent while it goes on. */
  ended?: number;
  /** Hash of the plan in force. */
  plan: string;
  /** Position among the figures' cells, units in thousandths, revenue in ten-thousandths; one after the other. */
  cells: number[];
  /** When the log took the first and the last event that this tells of and none before did, milliseconds UTC. */
  accepted?: [first: number, last: number];
}

/** Increments as texts of at most so many bytes, in order. One that is too long comes in parts, each with other cells. */
export function encodeIncrements(increments: readonly Increment[], mostBytes: number): string[] {
  const texts: string[] = [];
  let open: string[] = [];
  let size = 2;
  for (const increment of increments) {
    for (const part of parts(increment, mostBytes)) {
      if (open.length > 0 && size + part.length + 1 > mostBytes) {
        texts.push(`[${open.join(',')}]`);
        open = [];
        size = 2;
      }
      open.push(part);
      size += part.length + 1;
    }
  }
  if (open.length > 0) texts.push(`[${open.join(',')}]`);
  return texts;
}

/** All of an increment but its cells is ASCII of a bounded length. */
const HEAD_BYTES = 300;

function parts(increment: Increment, mostBytes: number): string[] {
  const whole = JSON.stringify(increment);
  if (whole.length + 2 <= mostBytes) return [whole];
  const texts: string[] = [];
  const { cells, ...head } = increment;
  let from = 0;
  for (let to = 0, size = 0; to < cells.length; to += 3) {
    const length = `${cells[to]},${cells[to + 1]},${cells[to + 2]},`.length;
    if (to > from && HEAD_BYTES + size + length > mostBytes) {
      texts.push(JSON.stringify({ ...head, cells: cells.slice(from, to) }));
      from = to;
      size = 0;
    }
    size += length;
  }
  texts.push(JSON.stringify({ ...head, cells: cells.slice(from) }));
  return texts;
}

export const decodeIncrements = (text: string): Increment[] => JSON.parse(text) as Increment[];
