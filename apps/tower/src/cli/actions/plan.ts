import { PlanFaults } from '@plumbline/api';
import {
  planCommitBodySchema,
  planDeriveBodySchema,
  planImportBodySchema,
  type ImportFault,
  type PlanDetail,
  type PlanDiffBody,
  type PlanLineBody,
  type PlanVersionSummary,
} from '@plumbline/contracts';
import { formatDay, formatMoney, formatQuantity, parseMoney, parseQuantity } from '@plumbline/kernel';
import { basename, extname } from 'node:path';
import { exactMoney, fixed, grouped, moment, plural } from '../amounts.ts';
import type { Call } from '../call.ts';
import { EXIT } from '../exit.ts';
import { pairs, table } from '../table.ts';
import { fitting } from '../usage.ts';
import { atTower, userName } from './at-tower.ts';
import { readText } from './text-file.ts';

export interface ImportOptions {
  name?: string;
  products?: string;
  locations?: string;
  profiles?: string;
  currency?: string;
  json?: boolean;
}

type Role = 'lines' | 'products' | 'locations' | 'profiles';

/** `plumbline plan import`: the draft, or all faults and exit code 4. */
export async function importPlan(call: Call, lines: string, { name, products, locations, profiles, currency }: ImportOptions): Promise<number> {
  const paths: { [R in Role]?: string | undefined } = { lines, products, locations, profiles };
  const texts: { [R in Role]?: string } = {};
  for (const [role, path] of Object.entries(paths)) if (path !== undefined) texts[role as Role] = await readText(path);
  const body = fitting(planImportBodySchema, { name: name ?? basename(lines, extname(lines)), currency, ...texts });
  return atTower(call, async ({ services }) => {
    const result = await services.plans.import(body).catch((error: unknown) => {
      if (error instanceof PlanFaults) return { imported: false as const, faults: [...error.faults] };
      throw error;
    });
    if (call.json) call.terminal.json(result);
    else if (result.imported) call.terminal.print(`Imported as ${result.version.id}.`, ...summaryLines(result.version), '', `Next: plumbline plan commit ${result.version.id}`);
    else call.terminal.print(...faultLines(result.faults, paths));
    return result.imported ? EXIT.ok : EXIT.refused;
  });
}

function faultLines(faults: readonly ImportFault[], paths: { [R in Role]?: string | undefined }): string[] {
  const pathOf = ({ file }: ImportFault): string => paths[(file ?? 'lines') as Role] ?? file ?? '';
  return [
    `Nothing was imported: ${plural(faults.length, 'fault')}.`,
    ...table<ImportFault>(
      [
        { head: 'FILE', cell: pathOf },
        { head: 'ROW', align: 'right', cell: ({ row }) => (row === 0 ? '' : String(row)) },
        { head: 'COLUMN', cell: ({ column }) => column },
        { head: 'FAULT', cell: ({ message }) => message },
      ],
      faults,
    ),
  ];
}

export interface DeriveOptions {
  before?: string;
  weeks?: number;
  months?: number;
  name?: string;
  json?: boolean;
}

/** `plumbline plan derive` */
export const derivePlan = (call: Call, { before, weeks, months, name }: DeriveOptions): Promise<number> =>
  atTower(call, async ({ services, zone, now, progress }) => {
    const body = fitting(planDeriveBodySchema, { before: before ?? formatDay(zone.dayOf(await now())), weeks, months, name });
    progress.phase('derive', `sales before ${body.before}`);
    const { version, basis } = await services.plans.derive(body);
    progress.end();
    if (call.json) call.terminal.json(version);
    else call.terminal.print(`Derived as ${version.id}, from ${basisText(basis)}.`, ...summaryLines(version), '', `Next: plumbline plan commit ${version.id}`);
    return EXIT.ok;
  });

const basisText = ({ from, to, rows }: { from: string; to: string; rows: number }): string => `${plural(rows, 'row')} of sales from ${from} to ${to}`;

export interface CommitOptions {
  at?: string;
  by?: string;
  json?: boolean;
}

/** `plumbline plan commit` */
export const commitPlan = (call: Call, id: string, { at, by }: CommitOptions): Promise<number> =>
  atTower(call, async ({ services, zone, running }) => {
    const version = await services.plans.commit(id, fitting(planCommitBodySchema, { by: by ?? userName(), effectiveAt: at }));
    if (call.json) call.terminal.json(version);
    else {
      const effect = version.effectiveAt === null ? '' : `, in force from ${moment(version.effectiveAt, zone)} ${zone.id}`;
      call.terminal.print(`Committed ${version.id} "${version.name}"${effect}. It never changes again.`);
    }
    if (!running) call.terminal.remark('No tower is running on this data: the streams hear of it at the next start.');
    return EXIT.ok;
  });

/** `plumbline plan list` */
export const listPlans = (call: Call): Promise<number> =>
  atTower(call, async ({ services, zone }) => {
    const page = await services.plans.list();
    if (call.json) call.terminal.json(page);
    else if (page.items.length === 0) call.terminal.print('There is no plan version yet: "plumbline plan import" or "plumbline plan derive" makes one.');
    else {
      const columns = [
        { head: 'ID', cell: ({ id }: PlanVersionSummary) => id },
        { head: 'STATUS', cell: ({ status }: PlanVersionSummary) => status },
        { head: 'MONTHS', cell: ({ from, to }: PlanVersionSummary) => (from === to ? from : `${from} to ${to}`) },
        { head: 'UNITS', align: 'right' as const, cell: ({ units }: PlanVersionSummary) => grouped(wholeOf(units)) },
        { head: 'REVENUE', align: 'right' as const, cell: ({ revenue, currency }: PlanVersionSummary) => exactMoney(wholeOf(revenue), currency) },
        { head: 'IN FORCE FROM', cell: ({ effectiveAt }: PlanVersionSummary) => (effectiveAt === null ? '' : moment(effectiveAt, zone)) },
        { head: 'NAME', cell: ({ name }: PlanVersionSummary) => name },
      ];
      const [head, ...rows] = table(columns, page.items);
      call.terminal.print(call.terminal.tone('quiet', head!), ...rows);
    }
    return EXIT.ok;
  });

const wholeOf = (decimal: string): string => decimal.replace(/\..*$/, '');

export interface ShowOptions {
  lines?: boolean;
  json?: boolean;
}

/** `plumbline plan show` */
export const showPlan = (call: Call, id: string, { lines }: ShowOptions): Promise<number> =>
  atTower(call, async ({ services }) => {
    const plan = await services.plans.show(id);
    if (call.json) call.terminal.json(plan);
    else call.terminal.print(`${plan.id} "${plan.name}"`, ...summaryLines(plan), '', ...lineLines(plan, lines === true));
    return EXIT.ok;
  });

function summaryLines(plan: PlanVersionSummary): string[] {
  const { status, from, to, families, regions, series, units, revenue, currency, hash, effectiveAt } = plan;
  return pairs([
    ['status', effectiveAt === null ? status : `${status}, in force from ${effectiveAt}`],
    ['months', from === to ? from : `${from} to ${to}`],
    ['covers', `${plural(families, 'family', 'families')}, ${plural(regions, 'region')}, ${grouped(String(series))} SKU-locations`],
    ['units', grouped(units)],
    ['revenue', exactMoney(revenue, currency)],
    ['hash', hash],
  ]);
}

/** Every line, or the sums over the months by family and region. */
function lineLines({ lines, currency }: PlanDetail, every: boolean): string[] {
  const places = placesOf(lines.map(({ units }) => units));
  return table<PlanLineBody>(
    [
      { head: 'FAMILY', cell: ({ family }) => family },
      { head: 'REGION', cell: ({ region }) => region },
      { head: 'MONTH', cell: ({ month }) => (every ? month : '') },
      { head: 'UNITS', align: 'right', cell: ({ units }) => fixed(units, places) },
      { head: `REVENUE (${currency})`, align: 'right', cell: ({ revenue }) => fixed(revenue, 2) },
    ],
    every ? lines : sums(lines),
  );
}

/** Decimals of a column of units: none where all are whole. */
const placesOf = (units: readonly string[]): number => (units.some((decimal) => decimal.includes('.')) ? 3 : 0);

/** Exact: sums of integers. */
function sums(lines: readonly PlanLineBody[]): PlanLineBody[] {
  const totals = new Map<string, { family: string; region: string; units: number; revenue: number }>();
  for (const { family, region, units, revenue } of lines) {
    const key = JSON.stringify([family, region]);
    const total = totals.get(key) ?? { family, region, units: 0, revenue: 0 };
    totals.set(key, { ...total, units: total.units + parseQuantity(units), revenue: total.revenue + parseMoney(revenue) });
  }
  return [...totals.values()].map(({ units, revenue, ...place }) => ({ ...place, month: '', units: formatQuantity(units), revenue: formatMoney(revenue) }));
}

/** `plumbline plan diff` */
export const diffPlans = (call: Call, from: string, to: string): Promise<number> =>
  atTower(call, async ({ services }) => {
    const diff = await services.plans.diff(from, to);
    if (call.json) call.terminal.json(diff);
    else call.terminal.print(...diffLines(diff));
    return EXIT.ok;
  });

function diffLines({ from, to, lines, added, removed, changed, unchanged, units, revenue, profiles, products, locations }: PlanDiffBody): string[] {
  const places = placesOf(lines.flatMap((line) => [line.units.to, line.units.change]));
  const [head, ...rows] = table<PlanDiffBody['lines'][number]>(
    [
      { head: '', cell: ({ kind }) => ({ added: '+', removed: '−', changed: '~' })[kind] },
      { head: 'FAMILY', cell: ({ family }) => family },
      { head: 'REGION', cell: ({ region }) => region },
      { head: 'MONTH', cell: ({ month }) => month },
      { head: 'UNITS', align: 'right', cell: (line) => fixed(line.units.to, places) },
      { head: 'CHANGE', align: 'right', cell: (line) => withSign(line.units.change, places) },
      { head: 'REVENUE', align: 'right', cell: (line) => fixed(line.revenue.to, 2) },
      { head: 'CHANGE', align: 'right', cell: (line) => withSign(line.revenue.change, 2) },
    ],
    lines,
  );
  const counted = (what: string, entries: Record<string, number>): string[] => {
    const parts = Object.entries(entries).filter(([, value]) => value > 0);
    return parts.length === 0 ? [] : [`${what}: ${parts.map(([name, value]) => `${grouped(String(value))} ${name}`).join(', ')}`];
  };
  return [
    `${from.id} "${from.name}" → ${to.id} "${to.name}"`,
    `Lines: ${added} added, ${removed} removed, ${changed} changed, ${unchanged} unchanged`,
    `Units: ${grouped(units.from)} → ${grouped(units.to)} (${withSign(units.change)})`,
    `Revenue: ${grouped(revenue.from)} → ${grouped(revenue.to)} (${withSign(revenue.change)})`,
    ...counted('Profiles that differ', profiles),
    ...counted('Products', products),
    ...counted('Locations', locations),
    ...(rows.length === 0 ? [] : ['', head!, ...rows]),
  ];
}

/** With + or − in front; exact unless a number of places is given. */
function withSign(decimal: string, places?: number): string {
  const shown = places === undefined ? grouped(decimal) : fixed(decimal, places);
  return Number(decimal) > 0 ? `+${shown}` : shown;
}
