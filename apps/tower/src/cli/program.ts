import { Command, CommanderError } from 'commander';
import type { Choose, Chosen } from './call.ts';
import { deadLetterCommands } from './commands/dead-letters.ts';
import { exceptionsCommands } from './commands/exceptions.ts';
import { explained } from './commands/options.ts';
import { planCommands } from './commands/plan.ts';
import { towerCommands } from './commands/tower.ts';
import { EXIT } from './exit.ts';
import { VERSION } from './version.ts';

/** What the arguments ask for, or the exit code when help or a usage error was all there was to say. */
export type Request = { action: Chosen; json: boolean } | { exit: number };

export interface Words {
  out(text: string): void;
  err(text: string): void;
  columns?: number | undefined;
}

/** Reads the arguments after the program's name. Nothing is started, and nothing a command needs is loaded. */
export function readArguments(args: readonly string[], words: Words): Request {
  let request: Request | undefined;
  const program = build(words, (json, action) => (request = { action, json: json === true }));
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { exit: error.exitCode === 0 ? EXIT.ok : EXIT.usage };
  }
  return request ?? { exit: EXIT.usage };
}

function build(words: Words, choose: Choose): Command {
  const program = new Command('plumbline')
    .description('A control tower that shows, live, how far the business stands from the plan it committed to.')
    .version(VERSION, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .showHelpAfterError('Add --help for what there is.')
    .configureOutput({
      writeOut: words.out,
      writeErr: words.err,
      ...(words.columns ? { getOutHelpWidth: () => Math.min(words.columns!, 110), getErrHelpWidth: () => Math.min(words.columns!, 110) } : {}),
    });
  towerCommands(program, choose);
  planCommands(program, choose);
  exceptionsCommands(program, choose);
  deadLetterCommands(program, choose);
  explained(
    program,
    ['start', 'exceptions list', 'replay sales.csv.gz --format online-retail --isolated', 'doctor'],
    `Settings are environment variables such as PLUMBLINE_DATA and PLUMBLINE_PORT:
"plumbline doctor" checks them. Commands talk to the tower that runs on the same
data; when none runs, they start its database for the moment.`,
  );
  return program;
}
