import type { BenchWorkload } from '@plumbline/simulator';
import type { AppendRecord } from '@plumbline/ports';
import { DetectDriver, planRecords, planShelf } from '../replay/detect-driver.ts';

export interface InProcessResult {
  events: number;
  /** Lines and ticks a second through decode, validation, duplicates, statistics and the tick's delta. */
  perSecond: number;
  firings: number;
}

/** Decode + validate + detect of the workload on one core: no log, no store; generation is not timed. */
export async function inProcess(workload: BenchWorkload, stop: (events: number) => boolean = () => false): Promise<InProcessResult> {
  const plans = planShelf([workload.plan]);
  const driver = new DetectDriver(1, plans);
  driver.append(planRecords('bench', plans.hashes[0]!, workload.from, 1));
  await driver.run();
  let events = 0;
  let ms = 0;
  let firings = 0;
  let batch: AppendRecord[] = [];
  const handle = async (): Promise<void> => {
    driver.append(batch);
    const began = performance.now();
    await driver.run(10_000);
    driver.commitAll(false);
    ms += performance.now() - began;
    events += batch.length;
    for (const deltas of driver.deltas) for (const delta of deltas.splice(0)) firings += delta.firings.length;
    driver.forget();
    batch = [];
  };
  for (const records of workload.batches(60)) {
    batch.push(...records);
    if (batch.length >= 50_000) await handle();
    if (stop(events)) break;
  }
  await handle();
  return { events, perSecond: (events / ms) * 1000, firings };
}
