import { InvalidArgumentError, type Command } from 'commander';
import { EXIT_HELP } from '../exit.ts';

/** What commands share: how arguments are read, and how examples stand in the help. */
export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** `a,b` or the option repeated. */
export const listed = (text: string, before: string[] | undefined): string[] => [...(before ?? []), ...text.split(',').filter((part) => part !== '')];

export function currencyCode(text: string): string {
  if (/^[A-Za-z]{3}$/.test(text)) return text.toUpperCase();
  throw new InvalidArgumentError('It must be a currency code of three letters, such as EUR.');
}

const SPANS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** "90m", "4h", "2d", "1w" in milliseconds. */
export function span(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([mhdw])$/.exec(text.trim());
  const value = match ? Number(match[1]) * SPANS[match[2]!]! : 0;
  if (value > 0) return Math.round(value);
  throw new InvalidArgumentError('It must be a span of time such as 90m, 4h, 2d or 1w.');
}

/** Ends a command's help with examples, what else there is to know, and the exit codes. */
export function explained(command: Command, examples: readonly string[], remark?: string): Command {
  const shown = `\nExamples:\n${examples.map((example) => `  $ plumbline ${example}`).join('\n')}\n`;
  return command.addHelpText('after', `${shown}${remark === undefined ? '' : `\n${remark}\n`}${EXIT_HELP}`);
}

export const JSON_OPTION = ['--json', 'print JSON for programs, with exact figures'] as const;
