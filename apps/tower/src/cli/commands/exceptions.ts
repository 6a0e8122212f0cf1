import { Option, type Command } from 'commander';
import type { Choose } from '../call.ts';
import type { BacktestOptions } from '../actions/backtest.ts';
import type { ListOptions, SaidOptions, SnoozeOptions } from '../actions/exceptions.ts';
import { explained, JSON_OPTION, listed, span, whole } from './options.ts';

/** `plumbline exceptions …` */
export function exceptionsCommands(program: Command, choose: Choose): void {
  const group = program.command('exceptions').description('what deviates from plan, why, and who does what about it');
  explained(group, ['exceptions list', 'exceptions show X-12', 'exceptions assign X-12 --owner maria']);
  reading(group, choose);
  saying(group, choose);
  const load = () => import('../actions/exceptions.ts');
  const snooze = said(group, 'snooze', 'hide exceptions until an instant')
    .addOption(new Option('--until <instant>', 'RFC 3339 instant, or a day of the tower’s zone').conflicts('for'))
    .addOption(new Option('--for <span>', '90m, 4h, 2d, 1w of the tower’s time').argParser(span));
  explained(snooze, ['exceptions snooze X-12 --for 4h', 'exceptions snooze X-12 --until 2026-11-24T08:00:00Z']);
  snooze.action((ids: string[], options: SnoozeOptions) => choose(options.json, async (call) => (await load()).snooze(call, ids, options)));
}

function reading(group: Command, choose: Choose): void {
  const list = group
    .command('list')
    .description('exceptions by priority; those that are open, acknowledged or in progress unless --status or --all says otherwise')
    .option('--status <names>', 'open, acknowledged, in-progress, resolved, cleared, dismissed', listed)
    .option('--all', 'whatever their status')
    .option('--kind <names>', 'demand-surge, demand-drop, zero-run, feed-silence', listed)
    .option('--altitude <names>', 'leaf, sku, sku-region, location, family-region, family, region, total', listed)
    .option('--sku <code>', 'of this SKU')
    .option('--family <name>', 'of this product family')
    .option('--location <code>', 'of this location')
    .option('--region <name>', 'of this region')
    .option('--owner <name>', 'assigned to this person')
    .addOption(new Option('--sort <order>', 'order').choices(['priority', 'newest', 'value']).default('priority'))
    .option('--limit <n>', 'at most so many, 500 at a time', whole(1, 500), 50)
    .option('--cursor <text>', 'go on where the last list ended')
    .option(...JSON_OPTION);
  explained(list, ['exceptions list', 'exceptions list --family Bakery --region North', 'exceptions list --all --sort newest --json']);
  list.action((options: ListOptions) => choose(options.json, async (call) => (await import('../actions/exceptions.ts')).list(call, options)));
  const show = group.command('show').argument('<id>', 'such as X-12').description('one exception: why it fired, what moved it, its evidence and its history').option(...JSON_OPTION);
  explained(show, ['exceptions show X-12', 'exceptions show X-12 --json']);
  show.action((id: string, options: { json?: boolean }) => choose(options.json, async (call) => (await import('../actions/exceptions.ts')).show(call, id)));
  backtest(group, choose);
}

function backtest(group: Command, choose: Choose): void {
  const command = group
    .command('backtest')
    .argument('<id>', 'such as X-12')
    .description('what other rules would have said of the same sales, and when')
    .option('--budget <n>', 'false alarms per 1,000 series-weeks (default: what the tower allots this series)')
    .option('--tolerance <share>', 'how far off plan is no news, 0.1 = ±10 % (default: that of the altitude)')
    .option('--days <n>', 'history before it was raised, up to 56 days', whole(1, 56), 14)
    .option('--rule <names>', 'tower, e-detector, month-to-date-20, shewhart-3-sigma, ewma, nb-cusum', listed)
    .option(...JSON_OPTION);
  explained(command, ['exceptions backtest X-12', 'exceptions backtest X-12 --budget 1 --tolerance 0.1', 'exceptions backtest X-12 --rule tower,ewma --json']);
  command.action((id: string, options: BacktestOptions) => choose(options.json, async (call) => (await import('../actions/backtest.ts')).backtest(call, id, options)));
}

function saying(group: Command, choose: Choose): void {
  const load = () => import('../actions/exceptions.ts');
  const note = (command: Command, mandatory: boolean): Command =>
    mandatory ? command.requiredOption('--note <text>', 'what was done or found') : command.option('--note <text>', 'a remark');
  const act = (command: Command, name: Parameters<Awaited<ReturnType<typeof load>>['say']>[1], ...examples: string[]): void => {
    explained(command, examples);
    command.action((ids: string[], options: SaidOptions) => choose(options.json, async (call) => (await load()).say(call, name, ids, options)));
  };
  act(note(said(group, 'ack', 'say that exceptions have been seen'), false), 'acknowledge', 'exceptions ack X-12 X-15');
  const assign = note(said(group, 'assign', 'give exceptions to somebody'), false).requiredOption('--owner <name>', 'who takes care of it');
  act(assign, 'assign', 'exceptions assign X-12 --owner maria');
  act(note(said(group, 'start', 'begin work on exceptions'), false), 'start', 'exceptions start X-12');
  act(note(said(group, 'resolve', 'say that exceptions have been dealt with'), true), 'resolve', 'exceptions resolve X-12 --note "delivery brought forward"');
  const dismiss = note(said(group, 'dismiss', 'say that exceptions are not worth acting on, and why'), false).requiredOption('--reason <text>', 'why not');
  act(dismiss, 'dismiss', 'exceptions dismiss X-12 --reason "trade fair, known"');
  act(note(said(group, 'comment', 'add a note to exceptions'), true), 'comment', 'exceptions comment X-12 --note "called the store"');
  act(note(said(group, 'reopen', 'take exceptions up again'), false), 'reopen', 'exceptions reopen X-12');
  const undo = options(group.command('undo').argument('<id>', 'such as X-12').argument('[event-id]', 'of the command, as --json has it in its answer: only if that is still the last one').description('take the last command on an exception back, within ten minutes'));
  explained(undo, ['exceptions undo X-12']);
  undo.action((id: string, undoes: string | undefined, given: SaidOptions) => choose(given.json, async (call) => (await load()).undo(call, id, { ...given, ...(undoes === undefined ? {} : { undoes }) })));
}

/** Options of everything that is said about exceptions. */
function said(group: Command, name: string, about: string): Command {
  return options(group.command(name).argument('<ids...>', 'such as X-12').description(about));
}

function options(command: Command): Command {
  return command
    .option('--by <name>', 'who says so (default: the user of this machine)')
    .option('--no-wait', 'do not wait until it has taken effect')
    .option('--json', 'print one JSON object a line for each exception');
}
