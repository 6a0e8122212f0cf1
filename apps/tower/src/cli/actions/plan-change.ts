import { planExtendBodySchema, planRevertBodySchema, type PlanChangeBody } from '@plumbline/contracts';
import { grouped, moment, plural } from '../amounts.ts';
import type { Call } from '../call.ts';
import { EXIT } from '../exit.ts';
import { fitting, usage } from '../usage.ts';
import { atTower, userName, type AtTower } from './at-tower.ts';

export interface ChangeOptions {
  by?: string;
  note?: string;
  dryRun?: boolean;
  json?: boolean;
}

export interface ExtendOptions extends ChangeOptions {
  sku?: string;
  location?: string;
  name?: string;
  like: string;
}

/** `plumbline plan extend` */
export async function extendPlan(call: Call, { sku, location, name, like, ...said }: ExtendOptions): Promise<number> {
  if (sku === undefined && location === undefined) throw usage('Plan what?', 'Give --sku with a new SKU, --location with a new location, or both of known ones.');
  if (sku !== undefined && location !== undefined && name !== undefined) throw usage('Both are known to the plan and have names.', 'Leave --name out.');
  const body = fitting(planExtendBodySchema, { items: [{ sku, location, name, like }].map(withoutAbsent), ...saidBody(said) });
  return atTower(call, async (tower) => told(call, tower, await tower.services.plans.extend(body)));
}

/** `plumbline plan revert` */
export const revertPlan = (call: Call, to: string | undefined, said: ChangeOptions): Promise<number> =>
  atTower(call, async (tower) => told(call, tower, await tower.services.plans.revert(fitting(planRevertBodySchema, { to, ...saidBody(said) }))));

const saidBody = ({ by, note, dryRun }: ChangeOptions) => ({ by: by ?? userName(), note, dryRun });
const withoutAbsent = (item: object): object => Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));

function told(call: Call, { zone, running }: AtTower, change: PlanChangeBody): number {
  const { version, from, diff, series } = change;
  if (call.json) call.terminal.json(change);
  else {
    const counted = [`${plural(series.added, 'SKU-location')} planned`, `${series.removed} no longer planned`].join(', ');
    const totals = diff.lines.length === 0 ? 'Totals stay as they are' : `${plural(diff.lines.length, 'total')} change`;
    const effect = !version?.effectiveAt ? '' : `, in force from ${moment(version.effectiveAt, zone)} ${zone.id}`;
    call.terminal.print(
      version === null ? `Nothing was changed. In place of ${from.id} "${from.name}" there would be:` : `Committed ${version.id} "${version.name}"${effect}, in place of ${from.id} "${from.name}":`,
      `  ${counted}. ${totals}: ${grouped(diff.units.to)} units.`,
    );
  }
  if (version !== null && !running) call.terminal.remark('No tower is running on this data: the streams hear of it at the next start.');
  return EXIT.ok;
}
