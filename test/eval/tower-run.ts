import { decodeDelta, type Exception } from '@plumbline/contracts';
import { DemoFeed, demoPlan, type Cause, type InjectedCause, type Retailer } from '@plumbline/simulator';
import { formatInstant, monthOf, type Instant } from '@plumbline/kernel';
import { compileEncoded, encodePlan, hashPlan } from '@plumbline/plan';
import type { AppendRecord } from '@plumbline/ports';
import { DetectPartition, StoredPlans, type Records } from '@plumbline/stream-detect';
import { RollUp } from '@plumbline/stream-rollup';

/** An exception as it was when it was raised, with the instant. */
export interface Raised {
  at: Instant;
  exception: Exception;
}

export interface TowerRunOptions {
  retailer: Retailer;
  causes: readonly Cause[];
  from: Instant;
  to: Instant;
  /** False alarms a day, tower-wide. */
  budget: number;
  tickSeconds: number;
}

export interface TowerRunResult {
  raised: Raised[];
  /** Every exception in its last state. */
  exceptions: Map<string, Exception>;
  injected: InjectedCause[];
  lines: number;
}

/** Detect and roll-up as they run in the tower, over the demo retailer's events, without log and store. */
export async function runWholeTower(options: TowerRunOptions): Promise<TowerRunResult> {
  const { retailer, causes, from, to, budget, tickSeconds } = options;
  const months = monthOf(Math.floor(to / 86_400_000)) - monthOf(Math.floor(from / 86_400_000)) + 1;
  const body = encodePlan(demoPlan(retailer, monthOf(Math.floor(from / 86_400_000)), months));
  const hash = hashPlan(body);
  const plans = new StoredPlans(
    { plan: async () => ({ body }) as Awaited<ReturnType<ConstructorParameters<typeof StoredPlans>[0]['plan']>> },
    budget,
  );
  const detect = new DetectPartition({
    partition: 0,
    partitions: 1,
    plans,
    duplicates: { days: 14, ids: 100_000 },
    defaultZone: 'Etc/UTC',
  });
  const rollUp = new RollUp({ budget });
  rollUp.provide(compileEncoded(body, hash));
  const feed = new DemoFeed({ retailer, partitions: 1, from, tickSeconds, causes });
  const result: TowerRunResult = { raised: [], exceptions: new Map(), injected: feed.injected(), lines: 0 };
  await handle(detect, recordsOf([{ key: new Uint8Array(), value: commitEvent(hash, from) }]));
  while (feed.at < to) {
    await handle(detect, recordsOf(feed.advance(feed.at + tickSeconds * 1000)));
    for (const { payload } of detect.takeOutput(false).deltas) {
      const delta = decodeDelta(payload);
      const { exceptions, transitions } = rollUp.apply(delta.tick, [delta]);
      for (const exception of exceptions) result.exceptions.set(exception.id, exception);
      for (const { action, exceptionId } of transitions) {
        const exception = result.exceptions.get(exceptionId);
        if (action === 'raised' && exception) result.raised.push({ at: delta.tick, exception });
      }
    }
  }
  result.lines = feed.counts.lines;
  return result;
}

function commitEvent(hash: string, at: Instant): Uint8Array {
  const time = formatInstant(at);
  const event = {
    specversion: '1.0',
    type: 'plan.committed',
    source: 'urn:plumbline:eval',
    id: hash,
    time,
    data: { id: 'demo', hash, effectiveAt: time },
  };
  return new TextEncoder().encode(JSON.stringify(event));
}

async function handle(detect: DetectPartition, records: Records): Promise<void> {
  let next = 0;
  while (next < records.length) {
    next = detect.handle(records, next, records.length);
    if (detect.wantsPlan) await detect.loadPlan();
  }
}

const recordsOf = (records: readonly Pick<AppendRecord, 'key' | 'value'>[]): Records => ({
  length: records.length,
  offset: (i) => i,
  value: (i) => records[i]!.value,
  header: () => undefined,
});
