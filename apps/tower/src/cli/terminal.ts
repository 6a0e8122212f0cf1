/** What meaning a piece of text has; the terminal decides how that looks. Meaning never hangs on colour alone. */
export type Tone = 'plain' | 'strong' | 'quiet' | 'over' | 'under' | 'alert' | 'warning' | 'good';

/** Escape sequences: blue is above plan, orange below, red is for what breaks trust. */
const SEQUENCES: Readonly<Record<Tone, string>> = {
  plain: '',
  strong: '\u001b[1m',
  quiet: '\u001b[2m',
  over: '\u001b[34m',
  under: '\u001b[38;5;208m',
  alert: '\u001b[31m',
  warning: '\u001b[33m',
  good: '\u001b[32m',
};
const RESET = '\u001b[0m';
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** Width of text that is not for a terminal: sentences stay whole, so that they can be searched. */
const UNBOUNDED = Number.POSITIVE_INFINITY;
const NARROWEST = 40;
const WIDEST = 120;

export interface Stream {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

/** Where a command writes: what it prints to one stream, progress and remarks to another. */
export class Terminal {
  readonly #out: Stream;
  readonly #side: Stream;
  readonly #colour: boolean;

  constructor(out: Stream, side: Stream, env: Readonly<Record<string, string | undefined>>) {
    this.#out = out;
    this.#side = side;
    this.#colour = out.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  }

  /** Columns that text may take; infinite when it does not go to a terminal. */
  get width(): number {
    if (this.#out.isTTY !== true) return UNBOUNDED;
    return Math.max(NARROWEST, Math.min(this.#out.columns || 80, WIDEST));
  }

  /** Whether somebody watches the remarks: then progress is drawn, otherwise it is told line by line. */
  get watched(): boolean {
    return this.#side.isTTY === true;
  }

  /** Whether the answer itself is watched, and not taken by a file or a program. */
  get watchedOut(): boolean {
    return this.#out.isTTY === true;
  }

  /** Lines of what was asked for. */
  print(...lines: string[]): void {
    this.#out.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Writes over the line printed last. */
  redraw(line: string): void {
    this.#out.write(`\u001b[1A\r\u001b[2K${line}\n`);
  }

  json(value: unknown, { compact = false } = {}): void {
    this.print(JSON.stringify(value, undefined, compact ? undefined : 2));
  }

  /** A line that is about the command, not its answer. */
  remark(line: string): void {
    this.#side.write(`${line}\n`);
  }

  tone(tone: Tone, text: string): string {
    return this.#colour && tone !== 'plain' ? `${SEQUENCES[tone]}${text}${RESET}` : text;
  }
}

/** Columns that a text takes: without escape sequences, by code points. */
export function widthOf(text: string): number {
  const bare = text.replaceAll(ESCAPES, '');
  let width = 0;
  for (const symbol of bare) width += /\p{Mark}/u.test(symbol) ? 0 : 1;
  return width;
}

/** Breaks a text at spaces into lines of at most `width` columns, from the second on after `indent`. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const candidate = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(candidate) > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = candidate;
  }
  return [...lines, line];
}
