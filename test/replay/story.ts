import { encodeEvent, parseEvent } from '@plumbline/contracts';
import { DAY_MS, formatInstant, HOUR_MS, MINUTE_MS, monthOf, parseDay, type Instant } from '@plumbline/kernel';
import type { AppendRecord } from '@plumbline/ports';
import { DemoFeed, demoPlan, makeRetailer, type Cause } from '@plumbline/simulator';
import { planRecords, planShelf } from './detect-driver.ts';

/** A Monday. */
const FIRST = parseDay('2026-11-02');
export const STORY_FROM = FIRST * DAY_MS;
const TICK_MS = 15 * MINUTE_MS;
/** Somebody says something this often. */
const SAID_MS = 2 * HOUR_MS;

const retailer = makeRetailer({ seed: 5, skus: 40, volume: 0.5 });
export const storyVersions = [
  demoPlan(retailer, monthOf(FIRST), 2),
  demoPlan(retailer, monthOf(FIRST), 2, { id: 'second', errorCv: 0.2 }),
];
export const storyPlans = planShelf(storyVersions);

const at = (days: number): Instant => STORY_FROM + days * DAY_MS;

export const storyCauses: Cause[] = [
  { id: 'silence', kind: 'store-silence', scope: { location: retailer.locations[3]!.code }, from: at(2.4), to: at(3.6), factor: 0 },
  {
    id: 'surge',
    kind: 'family-surge',
    scope: { family: retailer.families[0]!.name, region: retailer.regions[1]!.name },
    from: at(3),
    to: at(6),
    factor: 2.5,
  },
];

const DIRT = { returns: 0.02, duplicates: 0.02, late: 0.02, unknownSku: 0.005, malformed: 0.005 };

/** What people say, in this order, about each of X-1 … X-5: some of it is refused, and some is of one that never was. */
const SAID: readonly [type: string, data: object][] = [
  ['acknowledged', {}],
  ['assigned', { owner: 'ben' }],
  ['started', { note: 'called the store' }],
  ['commented', { note: 'a competitor’s leaflet?' }],
  ['snoozed', { until: formatInstant(at(6.5)) }],
  ['resolved', { note: 'second delivery arranged' }],
  ['reopened', { note: 'still selling out' }],
  ['dismissed', { reason: 'known' }],
];
const SAID_FROM = 3;

/**
 * The same days for any number of partitions, a step a tick: a plan and, on the sixth day, a second one;
 * sales with duplicates, late and broken lines; two causes; what people said. The order of what lies between two
 * ticks differs with the partitions, what lies between them does not.
 */
export function storyLog(partitions: number, days = 7): AppendRecord[][] {
  const feed = new DemoFeed({ retailer, partitions, from: STORY_FROM, tickSeconds: TICK_MS / 1000, causes: storyCauses, dirt: DIRT });
  const steps: AppendRecord[][] = [];
  for (let begin = STORY_FROM; begin < at(days); begin += TICK_MS) {
    const step: AppendRecord[] = [];
    if (begin === STORY_FROM) step.push(...planRecords('first', storyPlans.hashes[0]!, begin, partitions));
    if (begin === at(5)) step.push(...planRecords('second', storyPlans.hashes[1]!, begin, partitions));
    const said = (begin - at(SAID_FROM)) / SAID_MS;
    if (said >= 0 && Number.isInteger(said)) {
      const [type, data] = SAID[Math.floor(said / 5) % SAID.length]!;
      step.push(commandRecord(`said-${said}`, begin, `X-${1 + (said % 5)}`, type, data));
    }
    step.push(...feed.advance(begin + TICK_MS));
    steps.push(step);
  }
  return steps;
}

/** A person's command as the API appends it: keyed by the exception's id. */
function commandRecord(id: string, time: Instant, exceptionId: string, type: string, data: object): AppendRecord {
  const parsed = parseEvent({
    specversion: '1.0',
    id,
    source: 'urn:plumbline:people',
    type: `exception.${type}`,
    time: formatInstant(time),
    datacontenttype: 'application/json',
    data: { exceptionId, by: 'ana', ...data },
  });
  if (!parsed.ok) throw new Error(`the story says something malformed: ${parsed.detail}`);
  return { key: new TextEncoder().encode(exceptionId), value: encodeEvent(parsed.event) };
}
