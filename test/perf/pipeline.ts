import { encodePlan, hashPlan, summarise } from '@plumbline/plan';
import type { EventLog, Store } from '@plumbline/ports';
import type { BenchWorkload } from '@plumbline/simulator';
import { DetectRunner, StoredPlans } from '@plumbline/stream-detect';
import { planRecords } from '../replay/detect-driver.ts';

export interface PipelineResult {
  events: number;
  appendPerSecond: number;
  /** From starting the streams on a full backlog until every result and offset is committed. */
  seconds: number;
  perSecond: number;
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
  const began = performance.now();
  const runner = new DetectRunner({
    log,
    store,
    topic,
    group: 'bench-detect',
    owner: 'bench',
    plans: new StoredPlans(store, 5),
    detect: { duplicates: { days: 14, ids: 262_144 }, defaultZone: 'UTC' },
    logger: { info: () => {}, warn: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`), error: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`) },
    now: () => performance.now(),
    ...(maxBatch ? { maxBatch } : {}),
  });
  await runner.start();
  while (Math.min(...(await store.detectTicks(partitions))) < workload.to) {
    await Promise.race([runner.failed, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  await runner.stop();
  const seconds = (performance.now() - began) / 1000;
  return { events, appendPerSecond: (events / ms) * 1000, seconds, perSecond: events / seconds, detectMs: runner.metrics.detectMs, commits: runner.metrics.commits };
}

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
