import type { ReplaySummary as ReplayReport } from '@plumbline/contracts';
import { zoneOf } from '@plumbline/kernel';
import { basename } from 'node:path';
import { runReplay, type ReplayOptions, type ReplaySummary } from '../../replay/index.ts';
import { bytes, count, moment, plural, secondsLeft } from '../amounts.ts';
import type { Call } from '../call.ts';
import { progressOn } from '../progress.ts';
import { pairs } from '../table.ts';
import { usage } from '../usage.ts';

/** Options as commander hands them over. */
export type ReplayArguments = Partial<Pick<ReplayOptions, 'format' | 'map' | 'timezone' | 'log' | 'currency' | 'partitions'>> &
  Pick<ReplayOptions, 'speed' | 'plan' | 'isolated'>;

/** `plumbline replay` */
export async function replay(call: Call, file: string, { format, map, timezone, log, currency, partitions, speed, plan, isolated }: ReplayArguments): Promise<number> {
  if (timezone !== undefined && !isZone(timezone)) throw usage(`There is no time zone "${timezone}".`, 'Give an IANA name such as Europe/Paris.');
  if (isolated && plan !== 'rolling' && plan !== 'none') throw usage('A throw-away instance has no plan versions yet.', 'Use --plan rolling or none, or leave --isolated out.');
  const zone = zoneOf(timezone ?? (map ? 'UTC' : 'Europe/London'));
  const progress = progressOn(call.terminal, { told: true });
  let sending = false;
  const summary = await runReplay(file, {
    ...defined({ format, map, timezone, log, currency, partitions }),
    speed,
    plan,
    isolated,
    ...defined({ thread: process.argv[1] }),
    signal: call.signal,
    onPhase: (name, detail) => progress.phase(name, detail),
    onProgress: ({ share, lines, at, secondsLeft: left }) => {
      if (!sending) progress.phase('lines', basename(file));
      sending = true;
      const rest = left === undefined || share >= 1 ? [] : [`${secondsLeft(left)} left`];
      const parts = [plural(lines, 'line'), ...(Number.isFinite(at) ? [moment(at, zone)] : []), ...rest];
      progress.share(share, parts.join(' · '));
    },
  }).finally(() => progress.end());
  if (call.json) call.terminal.json(reportOf(summary));
  else call.terminal.print(...told(summary));
  return 0;
}

/** The members of the contract, no others. */
function reportOf({ linesRead, accepted, rejected, duplicates, returns, exceptions, eventsPerSecond, peakMemoryBytes, digest }: ReplaySummary): ReplayReport {
  return { linesRead, accepted, rejected, duplicates, returns, exceptions, eventsPerSecond, peakMemoryBytes, digest };
}

function told({ linesRead, accepted, rejected, duplicates, returns, late, unplanned, exceptions, seconds, eventsPerSecond, peakMemoryBytes, digest }: ReplaySummary): string[] {
  const reasons = Object.entries(rejected).toSorted(([, a], [, b]) => b - a);
  const refused = reasons.reduce((sum, [, lines]) => sum + lines, 0);
  const numbers: [string, number][] = [
    ['lines read', linesRead],
    ['accepted', accepted],
    ['  of them returns', returns],
    ['  of them late', late],
    ['  of them unplanned', unplanned],
    ['duplicates', duplicates],
    ['rejected', refused],
    ...reasons.map(([reason, lines]): [string, number] => [`  ${reason}`, lines]),
  ];
  const width = Math.max(...numbers.map(([, value]) => count(value).length));
  return [
    ...pairs(numbers.map(([name, value]) => [name, count(value).padStart(width)])),
    '',
    `${plural(exceptions.raised, 'exception')} raised, ${count(exceptions.cleared)} cleared, ${count(exceptions.open)} open now.`,
    `${count(eventsPerSecond)} events/s over ${seconds} s, ${bytes(peakMemoryBytes)} of memory at most.`,
    '',
    'Digests',
    ...pairs([['  exceptions', digest.exceptions], ['  actuals', digest.actuals], ['  dead letters', digest.deadLetters]]),
  ];
}

function isZone(id: string): boolean {
  try {
    zoneOf(id);
    return true;
  } catch {
    return false;
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const defined = <T extends object>(given: T): Defined<T> => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
