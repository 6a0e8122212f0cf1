import type { CommandOutcome } from '@plumbline/api';
import { commandBodies, exceptionQuerySchema, type CommandName } from '@plumbline/contracts';
import { formatInstant, parseDay, PlumblineError } from '@plumbline/kernel';
import { explain } from '@plumbline/runtime';
import type { Call } from '../call.ts';
import { EXIT, exitCodeOf } from '../exit.ts';
import { detailLines, listLines } from '../exception-text.ts';
import { fitting, usage } from '../usage.ts';
import { atTower, userName, type AtTower } from './at-tower.ts';

export interface ListOptions {
  status?: string[];
  all?: boolean;
  kind?: string[];
  altitude?: string[];
  sku?: string;
  family?: string;
  location?: string;
  region?: string;
  owner?: string;
  sort: string;
  limit: number;
  cursor?: string;
  json?: boolean;
}

const LIVE = ['open', 'acknowledged', 'in-progress'];

/** `plumbline exceptions list` */
export async function list(call: Call, { all, json: _, ...given }: ListOptions): Promise<number> {
  if (all && given.status) throw usage('--all and --status contradict one another.', 'Give one of them.');
  const query = fitting(exceptionQuerySchema, { ...given, status: given.status ?? (all ? undefined : LIVE) });
  return atTower(call, async ({ services, zone, running, platform, now }) => {
    const page = await services.exceptions.list(query);
    if (call.json) {
      call.terminal.json(page);
      return EXIT.ok;
    }
    const filtered = [given.kind, given.altitude, given.sku, given.family, given.location, given.region, given.owner, given.status].some((value) => value !== undefined);
    if (page.items.length === 0) {
      const tick = await platform.store.rollUpTick();
      const watched = Number.isFinite(tick) ? 'Nothing is off plan.' : 'Nothing has been watched yet.';
      call.terminal.print(filtered || all || given.cursor ? 'No exception fits.' : watched);
    } else call.terminal.print(...listLines(call.terminal, page.items, zone, await now()));
    if (page.next !== null) call.terminal.remark(`There are more: add --cursor ${page.next}`);
    if (!running) call.terminal.remark('No tower is running on this data: this is how things stood when it stopped.');
    return EXIT.ok;
  });
}

/** `plumbline exceptions show` */
export const show = (call: Call, id: string): Promise<number> =>
  atTower(call, async ({ services, zone, now }) => {
    const exception = await services.exceptions.show(id);
    if (call.json) call.terminal.json(exception);
    else call.terminal.print(...detailLines(call.terminal, exception, zone, await now()));
    return EXIT.ok;
  });

export interface SaidOptions {
  by?: string;
  wait: boolean;
  note?: string;
  owner?: string;
  reason?: string;
  undoes?: string;
  json?: boolean;
}

export interface SnoozeOptions extends SaidOptions {
  until?: string;
  for?: number;
}

/** `plumbline exceptions snooze` */
export async function snooze(call: Call, ids: readonly string[], options: SnoozeOptions): Promise<number> {
  const { until, for: duration } = options;
  if (until === undefined && duration === undefined) throw usage('Snooze until when?', 'Give --until with an instant or a day, or --for with a span such as 4h.');
  return atTower(call, async (tower) => {
    const at = duration === undefined ? instantOf(until!, tower) : formatInstant((await tower.now()) + duration);
    return saying(call, tower, 'snooze', ids, options, { until: at });
  });
}

/** `plumbline exceptions ack | assign | start | resolve | dismiss | comment | reopen` */
export const say = (call: Call, name: Exclude<CommandName, 'snooze' | 'undo'>, ids: readonly string[], options: SaidOptions): Promise<number> =>
  atTower(call, (tower) => saying(call, tower, name, ids, options, {}));

/** `plumbline exceptions undo`: of the command that the event was, else of the last one. */
export const undo = (call: Call, id: string, options: SaidOptions): Promise<number> =>
  atTower(call, async (tower) => saying(call, tower, 'undo', [id], { ...options, undoes: options.undoes ?? (await lastSaid(tower, id)) }, {}));

/** Event of the last command on an exception; a comment changes nothing that could be taken back. */
async function lastSaid({ services }: AtTower, id: string): Promise<string> {
  const { transitions } = await services.exceptions.show(id);
  const last = transitions.findLast(({ eventId, action }) => eventId !== undefined && action !== 'commented');
  if (last?.eventId === undefined) throw new PlumblineError('command-refused', `Nobody has done anything to ${id} that could be undone.`, { where: id });
  return last.eventId;
}

/** An RFC 3339 instant as it is; a day is its beginning in the tower's zone. */
function instantOf(text: string, { zone }: AtTower): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? formatInstant(zone.startOf(parseDay(text))) : text;
}

/** Says it of each exception; what one of them refuses does not keep the others from it. The worst exit code counts. */
async function saying(call: Call, tower: AtTower, name: CommandName, ids: readonly string[], options: SaidOptions, more: { until?: string }): Promise<number> {
  const { note, owner, reason, undoes, wait } = options;
  const body = fitting(commandBodies[name], { by: options.by ?? userName(), note, owner, reason, undoes, ...more });
  const waitMs = wait && tower.running ? 3000 : 0;
  let code: number = EXIT.ok;
  for (const id of new Set(ids)) {
    try {
      const outcome = await tower.services.exceptions.command(id, name, body, { waitMs, signal: call.signal });
      if (call.json) call.terminal.json(outcome, { compact: true });
      else call.terminal.print(`${id}: ${outcomeText(outcome, tower.running, wait)}`);
    } catch (error) {
      if (!(error instanceof PlumblineError)) throw error;
      call.terminal.remark(explain(error));
      code = Math.max(code, exitCodeOf(error));
    }
  }
  return code;
}

function outcomeText({ applied, exception, type }: CommandOutcome, running: boolean, wait: boolean): string {
  if (applied && exception) {
    const owner = exception.owner === null ? '' : `, owner ${exception.owner}`;
    const snoozed = exception.snoozedUntil === null ? '' : `, snoozed until ${exception.snoozedUntil}`;
    return `${type.slice('exception.'.length)}; it is ${exception.status}${owner}${snoozed}.`;
  }
  if (!running) return 'noted. No tower is running on this data: it takes effect at the next start.';
  return wait ? 'noted; the tower has not applied it yet. It does so at its next tick.' : 'noted; it takes effect at the next tick.';
}
