import type { Command } from 'commander';
import type { ChangeOptions, ExtendOptions } from '../actions/plan-change.ts';
import type { Choose } from '../call.ts';
import { explained, JSON_OPTION } from './options.ts';

const load = () => import('../actions/plan-change.ts');

/** `plumbline plan extend | revert` */
export function changeCommands(group: Command, choose: Choose): void {
  const extend = said(group.command('extend').description('plan a new SKU or location like a known one; every total of family, region and month stays as committed'))
    .option('--sku <code>', 'new SKU: takes family, price, lines per unit and weights of the other')
    .option('--location <code>', 'new location: takes region, zone and weights of the other')
    .option('--name <name>', 'of the new SKU or location (default: its code)')
    .requiredOption('--like <code>', 'the known SKU or location; with --sku and --location both known: a location of the same region that sells the SKU');
  explained(
    extend,
    ['plan extend --sku BAK-017 --like BAK-012', 'plan extend --location S41 --name "Lyon 4" --like S17 --dry-run', 'plan extend --sku BAK-012 --location S41 --like S17'],
    'It is committed at once, as a version of its own. Sales before that stay unplanned; later ones are compared with the plan. "plan revert" takes it back.',
  );
  extend.action((options: ExtendOptions) => choose(options.json, async (call) => (await load()).extendPlan(call, options)));
  const revert = said(group.command('revert').argument('[version]', 'id or hash (default: the version before the one in force)').description('go back to an earlier version: a new one that equals it is committed at once'));
  explained(revert, ['plan revert', 'plan revert P-3f1c0a2b9d4e --dry-run']);
  revert.action((to: string | undefined, options: ChangeOptions) => choose(options.json, async (call) => (await load()).revertPlan(call, to, options)));
}

const said = (command: Command): Command =>
  command
    .option('--by <name>', 'who says so (default: the user of this machine)')
    .option('--note <text>', 'why; it is kept in the log')
    .option('--dry-run', 'only tell what would change')
    .option(...JSON_OPTION);
