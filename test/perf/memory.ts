import { encodePlan, hashPlan, summarise } from '@plumbline/plan';
import type { StoredPlan } from '@plumbline/ports';
import { benchWorkload } from '@plumbline/simulator';
import { DetectPartition, StoredPlans } from '@plumbline/stream-detect';
import { planRecords } from '../replay/detect-driver.ts';

/** Memory of a detect partition that watches many series, plan included, above the idle process. Needs --expose-gc. */
export async function memory(wanted: number): Promise<{ series: number; bytesPerSeries: number; megabytes: number }> {
  const version = benchWorkload({ series: wanted, events: wanted }).plan;
  const body = encodePlan(version);
  const hash = hashPlan(body);
  const series = version.splits.reduce((sum, split) => sum + split.leaves.length, 0);
  const stored: StoredPlan = { body, summary: summarise(version, { hash, status: 'committed', committedAt: 0, effectiveAt: version.createdAt }) };
  for (const split of version.splits) split.leaves.length = 0;
  const idle = settled();
  const plans = new StoredPlans({ plan: () => Promise.resolve(stored) }, 5);
  const state = new DetectPartition({ partition: 0, partitions: 1, plans, duplicates: { days: 14, ids: 262_144 }, defaultZone: 'UTC' });
  const text = new Date(version.createdAt).toISOString();
  const tick = new TextEncoder().encode(JSON.stringify({ specversion: '1.0', id: text, source: 'urn:bench', type: 'clock.ticked', time: text, data: { at: text, heard: [] } }));
  const values = [planRecords(version.id, hash, version.createdAt, 1)[0]!.value, tick];
  const records = { length: values.length, offset: (i: number) => i, value: (i: number) => values[i]!, header: () => undefined };
  for (let i = 0; i < records.length; ) {
    i = state.handle(records, i, records.length);
    if (state.wantsPlan) await state.loadPlan();
  }
  const above = settled() - idle;
  const pages = state.takeOutput(true).snapshot!.pages.reduce((sum, page) => sum + page.bytes.length, 0);
  return { series, bytesPerSeries: pages / series, megabytes: above / 1e6 };
}

/** Bytes in use, JavaScript objects and array buffers, after collection. */
function settled(): number {
  const collect = (globalThis as { gc?: () => void }).gc;
  for (let i = 0; i < 3; i++) collect?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
