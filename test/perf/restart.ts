import { encodeSale } from '@plumbline/contracts';
import { HOUR_MS } from '@plumbline/kernel';
import { encodePlan, hashPlan, summarise } from '@plumbline/plan';
import type { AppendRecord, Store } from '@plumbline/ports';
import { benchWorkload } from '@plumbline/simulator';
import { DETECT_STREAM, DetectPartition, StoredPlans, type Records } from '@plumbline/stream-detect';
import { openStore } from '@plumbline/store-postgres';
import { planRecords } from '../replay/detect-driver.ts';

class Few implements Records {
  readonly #records: AppendRecord[];
  constructor(records: AppendRecord[]) {
    this.#records = records;
  }
  get length(): number {
    return this.#records.length;
  }
  offset(i: number): number {
    return i;
  }
  value(i: number): Uint8Array {
    return this.#records[i]!.value;
  }
  header(): undefined {
    return undefined;
  }
}

/**
 * How long a detect process with many series takes from opening the store to its first committed result: the plan is
 * read and compiled, the snapshot's pages loaded and checked, one event and one tick handled, the result committed.
 */
export async function restart(url: string, wanted: number): Promise<{ seconds: number; series: number; snapshotBytes: number }> {
  const workload = benchWorkload({ series: wanted, events: wanted });
  const series = workload.plan.splits.reduce((sum, split) => sum + split.leaves.length, 0);
  const snapshotBytes = await prepare(url, workload);
  const began = performance.now();
  const store = await openStore({ url });
  const state = await open(store);
  await finish(store, state, workload);
  const seconds = (performance.now() - began) / 1000;
  await store.close();
  return { seconds, series, snapshotBytes };
}

const optionsFor = (store: Store): ConstructorParameters<typeof DetectPartition>[0] => ({
  partition: 0,
  partitions: 1,
  plans: new StoredPlans(store, 5),
  duplicates: { days: 14, ids: 262_144 },
  defaultZone: 'UTC',
});

async function prepare(url: string, workload: ReturnType<typeof benchWorkload>): Promise<number> {
  const store = await openStore({ url });
  await store.migrate();
  const body = encodePlan(workload.plan);
  const hash = hashPlan(body);
  await store.savePlan({ body, summary: summarise(workload.plan, { hash, status: 'committed', committedAt: workload.from, effectiveAt: workload.from }) });
  const state = new DetectPartition(optionsFor(store));
  const claim = await store.claim(DETECT_STREAM, 0, 'prepare');
  const records = new Few([...planRecords(workload.plan.id, hash, workload.from, 1), tick(workload.from + HOUR_MS)]);
  for (let i = 0; i < records.length; ) {
    i = state.handle(records, i, records.length);
    if (state.wantsPlan) await state.loadPlan();
  }
  const output = state.takeOutput(true);
  await store.commitDetect([{ partition: 0, epoch: claim.epoch, offset: records.length, ...output }]);
  await store.close();
  return output.snapshot!.pages.reduce((sum, page) => sum + page.bytes.length, 0);
}

async function open(store: Store): Promise<{ state: DetectPartition; epoch: number; offset: number }> {
  const claim = await store.claim(DETECT_STREAM, 0, 'restarted');
  const pages = await store.snapshot(DETECT_STREAM, 0);
  const state = await DetectPartition.restore(optionsFor(store), claim.snapshot!.meta, pages);
  return { state, epoch: claim.epoch, offset: claim.offset! };
}

async function finish(store: Store, { state, epoch, offset }: { state: DetectPartition; epoch: number; offset: number }, workload: ReturnType<typeof benchWorkload>): Promise<void> {
  const { sku } = workload.plan.products[0]!;
  const location = workload.plan.locations[0]!.code;
  const sale = encodeSale({ type: 'pos.sale', id: '1', source: 'restart', sequence: 1, time: workload.from + HOUR_MS, sku, location, quantity: 1000, price: 10_000, currency: workload.plan.currency });
  const records = new Few([{ key: new Uint8Array(0), value: sale }, tick(workload.from + 2 * HOUR_MS)]);
  state.handle(records, 0, records.length);
  await store.commitDetect([{ partition: 0, epoch, offset: offset + records.length, ...state.takeOutput(false) }]);
}

function tick(at: number): AppendRecord {
  const text = new Date(at).toISOString();
  const value = new TextEncoder().encode(JSON.stringify({ specversion: '1.0', id: text, source: 'urn:bench', type: 'clock.ticked', time: text, data: { at: text, heard: [] } }));
  return { key: new Uint8Array(0), value };
}

