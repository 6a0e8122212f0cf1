import { Option, type Command } from 'commander';
import type { ListOptions, RedriveOptions } from '../actions/dead-letters.ts';
import type { Choose } from '../call.ts';
import { explained, JSON_OPTION, whole } from './options.ts';

const load = () => import('../actions/dead-letters.ts');

/** `plumbline dead-letters …` */
export function deadLetterCommands(program: Command, choose: Choose): void {
  const group = program.command('dead-letters').description('events that could not be understood, and sending them again');
  explained(group, ['dead-letters list', 'dead-letters redrive --reason schema --dry-run']);
  const list = group
    .command('list')
    .description('dead letters by reason, then one by one')
    .option('--reason <code>', 'of this reason')
    .addOption(new Option('--state <state>', 'which').choices(['open', 'redriven', 'all']).default('open'))
    .option('--limit <n>', 'at most so many', whole(1, 500), 20)
    .option('--cursor <text>', 'go on where the last list ended')
    .option('--payload', 'show what was sent')
    .option(...JSON_OPTION);
  explained(list, ['dead-letters list', 'dead-letters list --reason schema --payload', 'dead-letters list --state all --json']);
  list.action((options: ListOptions) => choose(options.json, async (call) => (await load()).listDeadLetters(call, options)));
  const redrive = group
    .command('redrive')
    .argument('[ids...]', 'ids as "dead-letters list" shows them')
    .description('send dead letters again, as they are or corrected')
    .option('--reason <code>', 'all open ones of this reason, in place of ids')
    .option('--payload <file>', 'the corrected event for a single id; - reads it from standard input')
    .option('--dry-run', 'say what would be sent and what would be refused, and send nothing')
    .option(...JSON_OPTION);
  explained(redrive, ['dead-letters redrive --reason schema --dry-run', 'dead-letters redrive 4f0c… --payload corrected.json']);
  redrive.action((ids: string[], options: RedriveOptions) => choose(options.json, async (call) => (await load()).redriveDeadLetters(call, ids, options)));
}
