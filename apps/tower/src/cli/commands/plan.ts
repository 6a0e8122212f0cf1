import type { Command } from 'commander';
import type { CommitOptions, DeriveOptions, ImportOptions, ShowOptions } from '../actions/plan.ts';
import type { Choose } from '../call.ts';
import { changeCommands } from './plan-change.ts';
import { currencyCode, explained, JSON_OPTION, whole } from './options.ts';

const load = () => import('../actions/plan.ts');

/** `plumbline plan …` */
export function planCommands(program: Command, choose: Choose): void {
  const group = program.command('plan').description('plan versions: drafts from files or from the past, and the committed one');
  explained(group, ['plan derive --before 2026-11-01', 'plan list', 'plan commit D-2026-11-01-9a8b7c6d']);
  drafting(group, choose);
  const commit = group
    .command('commit')
    .argument('<version>', 'id or hash')
    .description('commit a version: from then on it never changes, and actuals are compared with it')
    .option('--at <instant>', 'when it takes effect (default: now, in the tower’s time)')
    .option('--by <name>', 'who commits it (default: the user of this machine)')
    .option(...JSON_OPTION);
  explained(commit, ['plan commit P-3f1c0a2b9d4e', 'plan commit P-3f1c0a2b9d4e --at 2026-12-01T00:00:00Z']);
  commit.action((id: string, options: CommitOptions) => choose(options.json, async (call) => (await load()).commitPlan(call, id, options)));
  changeCommands(group, choose);
  reading(group, choose);
}

function drafting(group: Command, choose: Choose): void {
  const importing = group
    .command('import')
    .argument('<lines.csv>', 'columns family, region, month (2026-11), units, revenue')
    .description('make a draft from CSV files; every fault is named by row and column, and nothing is half-imported')
    .option('--name <name>', 'name of the version (default: that of the file)')
    .option('--products <csv>', 'columns sku, family, name, unit (each or kg), price')
    .option('--locations <csv>', 'columns code, region, name, zone (such as Europe/Paris)')
    .option('--profiles <csv>', 'columns sku, location, weight, and optionally lines_per_unit')
    .option('--currency <code>', 'of revenue and prices, such as EUR', currencyCode)
    .option(...JSON_OPTION);
  explained(
    importing,
    ['plan import plan.csv --products products.csv --locations locations.csv --currency EUR', 'plan import november.csv --name "November, reviewed"'],
    'What is left out (products, locations, profiles) is taken from the version in force.',
  );
  importing.action((file: string, options: ImportOptions) => choose(options.json, async (call) => (await load()).importPlan(call, file, options)));
  const derive = group
    .command('derive')
    .description('make a draft that says "as in the trailing weeks", from sales before a day only')
    .option('--before <day>', 'business day such as 2026-11-01 (default: the tower’s today)')
    .option('--weeks <n>', 'trailing weeks looked at (default: 8)', whole(1, 104))
    .option('--months <n>', 'months planned (default: 1)', whole(1, 36))
    .option('--name <name>', 'name of the version')
    .option(...JSON_OPTION);
  explained(derive, ['plan derive --before 2026-11-01 --weeks 8 --months 3']);
  derive.action((options: DeriveOptions) => choose(options.json, async (call) => (await load()).derivePlan(call, options)));
}

function reading(group: Command, choose: Choose): void {
  const list = explained(group.command('list').description('plan versions, newest first').option(...JSON_OPTION), ['plan list', 'plan list --json']);
  list.action((options: { json?: boolean }) => choose(options.json, async (call) => (await load()).listPlans(call)));
  const show = group
    .command('show')
    .argument('<version>', 'id or hash')
    .description('a version with its totals; with --lines every family, region and month')
    .option('--lines', 'every line')
    .option(...JSON_OPTION);
  explained(show, ['plan show P-3f1c0a2b9d4e', 'plan show P-3f1c0a2b9d4e --lines']);
  show.action((id: string, options: ShowOptions) => choose(options.json, async (call) => (await load()).showPlan(call, id, options)));
  const diff = group
    .command('diff')
    .argument('<from>', 'id or hash')
    .argument('<to>', 'id or hash')
    .description('what changes when one version takes the place of another')
    .option(...JSON_OPTION);
  explained(diff, ['plan diff P-3f1c0a2b9d4e D-2026-11-01-9a8b7c6d']);
  diff.action((from: string, to: string, options: { json?: boolean }) => choose(options.json, async (call) => (await load()).diffPlans(call, from, to)));
}
