import { encodePlan, hashPlan, summarise } from '@plumbline/plan';
import type { EventLog, Store } from '@plumbline/ports';
import type { BenchWorkload } from '@plumbline/simulator';
import { DetectRunner, StoredPlans } from '@plumbline/stream-detect';
import { startRollUp } from '@plumbline/stream-rollup';
import { planRecords } from '../replay/detect-driver.ts';

export interface PipelineResult {
  events: number;
  appendPerSecond: number;
  /** From starting detect and roll-up on a full backlog until every result, exception and offset is committed. */
  seconds: number;
  perSecond: number;
  /** The same until detect alone had committed all its results. */
  detectPerSecond: number;
  detectMs: number;
  commits: number;
}

export interface PipelineOptions {
  log: EventLog;
  store: Store;
  workload: BenchWorkload;
  topic: string;
  partitions: number;
  maxBatch?: number;
}

/** Fills the log with the workload, then lets detect work the backlog off, exactly once, into the store. */
export async function pipeline({ log, store, workload, topic, partitions, maxBatch }: PipelineOptions): Promise<PipelineResult> {
  const { events, ms } = await fill(log, store, workload, topic, partitions);
  const plans = new StoredPlans(store, 5);
  const stop = new AbortController();
  const began = performance.now();
  const rollUp = startRollUp({
    store,
    partitions,
    owner: 'bench',
    loadPlan: async (hash) => (await plans.load(hash)).plan,
    logger: complaints,
    signal: stop.signal,
  });
  const runner = new DetectRunner({
    log,
    store,
    topic,
    group: 'bench-detect',
    owner: 'bench',
    plans,
    detect: { duplicates: { days: 14, ids: 262_144 }, defaultZone: 'UTC' },
    logger: complaints,
    now: () => performance.now(),
    ...(maxBatch ? { maxBatch } : {}),
  });
  const failed = Promise.race([runner.failed, rollUp.done.then(() => new Promise<never>(() => {}))]);
  await runner.start();
  const reach = async (tick: () => Promise<number>): Promise<number> => {
    while ((await tick()) < workload.to) await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 50))]);
    return (performance.now() - began) / 1000;
  };
  const detected = await reach(async () => Math.min(...(await store.detectTicks(partitions))));
  const seconds = await reach(() => store.rollUpTick());
  await runner.stop();
  stop.abort();
  await rollUp.done;
  const { detectMs, commits } = runner.metrics;
  return { events, appendPerSecond: (events / ms) * 1000, seconds, perSecond: events / seconds, detectPerSecond: events / detected, detectMs, commits };
}

const print = (fields: object, message: string): void => void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
const complaints = { info: () => {}, warn: print, error: print };

async function fill(log: EventLog, store: Store, workload: BenchWorkload, topic: string, partitions: number): Promise<{ events: number; ms: number }> {
  const body = encodePlan(workload.plan);
  const hash = hashPlan(body);
  await store.savePlan({ body, summary: summarise(workload.plan, { hash, status: 'committed', committedAt: workload.from, effectiveAt: workload.from }) });
  await log.createTopic(topic, { partitions });
  const producer = await log.producer();
  await producer.append(topic, planRecords(workload.plan.id, hash, workload.from, partitions));
  let events = 0;
  let ms = 0;
  for (const records of workload.batches(60)) {
    const began = performance.now();
    await producer.append(topic, records);
    ms += performance.now() - began;
    events += records.length;
  }
  await producer.close();
  return { events, ms };
}
