import { encodeEvent, parseEvent } from '@plumbline/contracts';
import { DAY_MS, formatInstant, HOUR_MS, monthOf, parseDay, type Instant } from '@plumbline/kernel';
import type { AppendRecord } from '@plumbline/ports';
import { DemoFeed, demoPlan, makeRetailer, type Cause } from '@plumbline/simulator';
import { planRecords, planShelf } from './detect-driver.ts';

/** A Monday. */
const FIRST = parseDay('2026-11-02');
export const STORY_FROM = FIRST * DAY_MS;
const STEP_MS = 2 * HOUR_MS;

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

/** What people say on which day about which exception: what is legal, what is refused, and of one that never was. */
const SAID: readonly [day: number, id: string, type: string, data: object][] = [
  [3, 'X-1', 'acknowledged', {}],
  [3, 'X-1', 'assigned', { owner: 'ben' }],
  [3.25, 'X-99', 'acknowledged', {}],
  [3.5, 'X-1', 'started', { note: 'called the store' }],
  [4.5, 'X-2', 'acknowledged', {}],
  [4.5, 'X-2', 'commented', { note: 'leaflet of a competitor?' }],
  [4.75, 'X-3', 'snoozed', { until: formatInstant(at(5.5)) }],
  [5, 'X-2', 'assigned', { owner: 'ana' }],
  [5.25, 'X-4', 'dismissed', { reason: 'known' }],
  [5.75, 'X-2', 'resolved', { note: 'second delivery arranged' }],
  [6, 'X-2', 'reopened', { note: 'still selling out' }],
];

/**
 * The same days for any number of partitions, in steps of two hours: a plan and, on the sixth day, a second one;
 * sales with duplicates, late and broken lines; two causes; what people said. The order of what lies between two
 * ticks differs with the partitions, what lies between them does not.
 */
export function storyLog(partitions: number, days = 8): AppendRecord[][] {
  const feed = new DemoFeed({ retailer, partitions, from: STORY_FROM, tickSeconds: 900, causes: storyCauses });
  const steps: AppendRecord[][] = [];
  for (let begin = STORY_FROM; begin < at(days); begin += STEP_MS) {
    const step: AppendRecord[] = [];
    if (begin === STORY_FROM) step.push(...planRecords('first', storyPlans.hashes[0]!, begin, partitions));
    if (begin === at(5)) step.push(...planRecords('second', storyPlans.hashes[1]!, begin, partitions));
    SAID.forEach(([day, id, type, data], i) => {
      if (at(day) >= begin && at(day) < begin + STEP_MS) step.push(commandRecord(`said-${i}`, at(day), id, type, data));
    });
    step.push(...feed.advance(begin + STEP_MS));
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
