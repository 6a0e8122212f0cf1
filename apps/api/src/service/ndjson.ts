/** One line of a stream; of a line past the limit only the beginning is kept, `length` tells its whole size. */
export interface Line {
  bytes: Uint8Array;
  length: number;
}

const NEWLINE = 10;
const RETURN = 13;

/**
 * Cuts a byte stream into lines (LF or CRLF, a byte-order mark passed over); blank lines are left out. Holds one line at
 * most, and no more than `limit` bytes of it.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let kept = 0;
  let length = 0;
  let first = true;
  const add = (part: Uint8Array): void => {
    const room = limit - kept;
    if (room > 0) {
      parts.push(part.length > room ? part.subarray(0, room) : part);
      kept += Math.min(part.length, room);
    }
    length += part.length;
  };
  const take = (): Line | undefined => {
    const bytes = trimmed(parts.length === 1 ? parts[0]! : concat(parts, kept), first);
    const line = bytes.length === 0 ? undefined : { bytes, length: length > limit ? length : bytes.length };
    first = false;
    parts = [];
    kept = length = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, at));
      from = at + 1;
      const line = take();
      if (line) yield line;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  const line = take();
  if (line) yield line;
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function trimmed(bytes: Uint8Array, first: boolean): Uint8Array {
  let from = first && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let to = bytes.length;
  while (to > from && isSpace(bytes[to - 1]!)) to--;
  while (from < to && isSpace(bytes[from]!)) from++;
  return bytes.subarray(from, to);
}

const isSpace = (byte: number): boolean => byte === 32 || byte === 9 || byte === RETURN;
