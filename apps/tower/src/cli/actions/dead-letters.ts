import type { Prepared } from '@plumbline/api';
import { redriveBodySchema, type DeadLetterBody, type DeadLetterPage, type RedriveResult } from '@plumbline/contracts';
import type { Zone } from '@plumbline/kernel';
import { count, moment, plural } from '../amounts.ts';
import type { Call } from '../call.ts';
import { EXIT } from '../exit.ts';
import { table } from '../table.ts';
import { wrap, type Terminal } from '../terminal.ts';
import { fitting, usage } from '../usage.ts';
import { atTower } from './at-tower.ts';
import { readText } from './text-file.ts';

export interface ListOptions {
  reason?: string;
  state: string;
  limit: number;
  cursor?: string;
  payload?: boolean;
  json?: boolean;
}

/** `plumbline dead-letters list` */
export const listDeadLetters = (call: Call, { reason, state, limit, cursor, payload }: ListOptions): Promise<number> =>
  atTower(call, async ({ services, zone }) => {
    const wanted = state === 'open' || state === 'redriven' ? state : undefined;
    const page = await services.deadLetters.list({ reason, state: wanted, limit, cursor });
    if (call.json) call.terminal.json(page);
    else call.terminal.print(...pageLines(call.terminal, page, payload === true, zone));
    if (!call.json && page.next !== null) call.terminal.remark(`There are more: add --cursor ${page.next}`);
    return EXIT.ok;
  });

function pageLines(terminal: Terminal, { items, counts }: DeadLetterPage, payload: boolean, zone: Zone): string[] {
  if (counts.length === 0) return ['There are no dead letters.'];
  const byReason = table<DeadLetterPage['counts'][number]>(
    [
      { head: 'REASON', cell: (row) => row.reason },
      { head: 'OPEN', align: 'right', cell: (row) => count(row.open) },
      { head: 'SENT AGAIN', align: 'right', cell: (row) => count(row.redriven) },
    ],
    counts,
  );
  if (items.length === 0) return [...byReason, '', 'No dead letter fits.'];
  const [head, ...rows] = table<DeadLetterBody>(
    [
      { head: 'ID', cell: ({ id }) => id },
      { head: 'REASON', cell: ({ reason }) => reason },
      { head: `WHEN (${zone.id})`, cell: ({ at }) => moment(at, zone) },
      { head: 'EVENT', cell: ({ source, eventId }) => (source === null && eventId === null ? '' : `${source ?? '?'} ${eventId ?? '?'}`), most: 48 },
      { head: 'SENT AGAIN', cell: ({ redrivenAt }) => (redrivenAt === null ? '' : moment(redrivenAt, zone)) },
    ],
    items,
  );
  const below = ({ detail, payload: text, payloadEncoding }: DeadLetterBody): string[] => [
    ...wrap(detail, terminal.width - 3),
    ...(payload ? [payloadEncoding === 'base64' ? `base64: ${text}` : text] : []),
  ];
  return [...byReason, '', terminal.tone('quiet', head!), ...rows.flatMap((row, i) => [row, ...below(items[i]!).map((line) => `   ${line}`)])];
}

export interface RedriveOptions {
  reason?: string;
  payload?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** `plumbline dead-letters redrive`; exit code 4 when some were refused. */
export async function redriveDeadLetters(call: Call, ids: readonly string[], { reason, payload, dryRun }: RedriveOptions): Promise<number> {
  if ((ids.length === 0) === (reason === undefined)) throw usage('Which ones?', 'Give their ids, or --reason for all open ones of a reason.');
  if (payload !== undefined && ids.length !== 1) throw usage('A corrected event goes with exactly one id.', 'Give one id with --payload.');
  const edited = payload === undefined ? undefined : await readText(payload);
  const body = fitting(redriveBodySchema, { ...(ids.length > 0 ? { ids: [...new Set(ids)] } : {}), reason, payload: edited });
  return atTower(call, async ({ services, running }) => {
    if (dryRun) {
      const prepared = await services.deadLetters.preview(body);
      if (call.json) call.terminal.json({ items: prepared, next: null });
      else call.terminal.print(...previewLines(prepared));
      return prepared.every(({ ok }) => ok) ? EXIT.ok : EXIT.refused;
    }
    const result = await services.deadLetters.redrive(body);
    if (call.json) call.terminal.json(result);
    else call.terminal.print(...resultLines(result, running));
    return result.refused.length === 0 ? EXIT.ok : EXIT.refused;
  });
}

function previewLines(prepared: readonly Prepared[]): string[] {
  const fit = prepared.filter(({ ok }) => ok).length;
  const refused = prepared.flatMap((one) => (one.ok ? [] : [one]));
  return [`${plural(fit, 'dead letter')} would be sent again, ${count(refused.length)} refused. Nothing was sent.`, ...refused.map(({ id, reason, detail }) => `  ${id}  ${reason}: ${detail}`)];
}

function resultLines({ redriven, refused }: RedriveResult, running: boolean): string[] {
  const when = running || redriven === 0 ? '' : ' No tower is running on this data: they are handled at the next start.';
  return [`${plural(redriven, 'dead letter')} sent again, ${count(refused.length)} refused.${when}`, ...refused.map(({ id, reason, detail }) => `  ${id}  ${reason}: ${detail}`)];
}
