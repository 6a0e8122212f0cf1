import { decodeDelta, encodeEvent, type TickDelta } from '@plumbline/contracts';
import { formatInstant, partitionOf } from '@plumbline/kernel';
import { encodePlan, hashPlan, summarise, type PlanVersion } from '@plumbline/plan';
import type { ActualRows, AppendRecord, SnapshotPage, StoredPlan } from '@plumbline/ports';
import { DetectPartition, StoredPlans, type DetectOutput, type Records } from '@plumbline/stream-detect';

/** Plans by hash, as the store would give them. */
export function planShelf(versions: readonly PlanVersion[]): { plan(hash: string): Promise<StoredPlan | undefined>; hashes: string[] } {
  const shelf = new Map<string, StoredPlan>();
  for (const version of versions) {
    const body = encodePlan(version);
    const hash = hashPlan(body);
    shelf.set(hash, { body, summary: summarise(version, { hash, status: 'committed', committedAt: 0, effectiveAt: 0 }) });
  }
  return { plan: (hash) => Promise.resolve(shelf.get(hash)), hashes: [...shelf.keys()] };
}

/** The event that commits a plan, for every partition. */
export function planRecords(id: string, hash: string, effectiveAt: number, partitions: number): AppendRecord[] {
  const value = encodeEvent({
    specversion: '1.0', id: `commit-${id}`, source: 'urn:plumbline:test', type: 'plan.committed', time: formatInstant(effectiveAt),
    datacontenttype: 'application/json', data: { id, hash, effectiveAt: formatInstant(effectiveAt) },
  });
  return Array.from({ length: partitions }, (_, partition) => ({ key: new Uint8Array(0), value, partition }));
}

class MemoryRecords implements Records {
  readonly #records: readonly AppendRecord[];
  readonly #from: number;
  constructor(records: readonly AppendRecord[], from: number) {
    this.#records = records;
    this.#from = from;
  }
  get length(): number {
    return this.#records.length;
  }
  offset(i: number): number {
    return this.#from + i;
  }
  value(i: number): Uint8Array {
    return pooled(this.#records[i]!.value);
  }
  header(i: number, name: string): string | undefined {
    return this.#records[i]!.headers?.[name];
  }
}

/** Bytes as a driver gives them: a Node Buffer that is a view into a larger one, whose `slice` does not copy. */
function pooled(bytes: Uint8Array): Uint8Array {
  const pool = Buffer.allocUnsafe(bytes.length + 24);
  pool.set(bytes, 13);
  return pool.subarray(13, 13 + bytes.length);
}

/** Detect partitions fed from memory: the real topology, no broker, no store; every cut is the test's. */
export class DetectDriver {
  readonly partitions: number;
  readonly #plans: StoredPlans;
  readonly #log: AppendRecord[][];
  readonly #states: DetectPartition[];
  readonly #handled: number[];
  readonly #committed: number[];
  readonly #pages = new Map<string, SnapshotPage>();
  readonly #metas: (Uint8Array | undefined)[];
  readonly #snapshotOffsets: number[];
  readonly deltas: TickDelta[][];
  readonly payloads: Uint8Array[][];
  readonly actuals = new Map<string, [number, number, number]>();
  readonly deadLetters = new Set<string>();
  readonly outputs: DetectOutput[] = [];

  constructor(partitions: number, plans: { plan(hash: string): Promise<StoredPlan | undefined> }, budget = 5) {
    this.partitions = partitions;
    this.#plans = new StoredPlans(plans, budget);
    const each = <T>(make: (partition: number) => T): T[] => Array.from({ length: partitions }, (_, partition) => make(partition));
    this.#log = each(() => []);
    this.#states = each((partition) => new DetectPartition(this.#options(partition)));
    this.#handled = each(() => 0);
    this.#committed = each(() => 0);
    this.#metas = each(() => undefined);
    this.#snapshotOffsets = each(() => 0);
    this.deltas = each(() => []);
    this.payloads = each(() => []);
  }

  #options(partition: number): ConstructorParameters<typeof DetectPartition>[0] {
    return { partition, partitions: this.partitions, plans: this.#plans, duplicates: { days: 14, ids: 100_000 }, defaultZone: 'UTC' };
  }

  append(records: readonly AppendRecord[]): void {
    for (const record of records) this.#log[record.partition ?? partitionOf(record.key, this.partitions)]!.push(record);
  }

  /** Handles what is appended in batches of a size, all partitions in turn. */
  async run(batch = Infinity): Promise<void> {
    for (let partition = 0; partition < this.partitions; partition++) {
      while (this.#handled[partition]! < this.#log[partition]!.length) await this.step(partition, batch);
    }
  }

  async step(partition: number, batch: number): Promise<void> {
    const from = this.#handled[partition]!;
    const records = new MemoryRecords(this.#log[partition]!.slice(from, Math.min(from + batch, this.#log[partition]!.length)), from);
    const state = this.#states[partition]!;
    for (let i = 0; i < records.length; ) {
      i = state.handle(records, i, records.length);
      if (state.wantsPlan) await state.loadPlan();
    }
    this.#handled[partition] = from + records.length;
  }

  /** Drops what was handled from memory (benchmarks). */
  forget(): void {
    this.#log.forEach((log, partition) => {
      log.length = 0;
      this.#handled[partition] = 0;
      this.payloads[partition] = [];
    });
    this.outputs.length = 0;
  }

  remaining(partition: number): number {
    return this.#log[partition]!.length - this.#handled[partition]!;
  }

  /** Takes results as a commit would; with `flush`, the snapshot too. */
  commit(partition: number, flush: boolean): void {
    const output = this.#states[partition]!.takeOutput(flush);
    this.#committed[partition] = this.#handled[partition]!;
    this.outputs.push(output);
    for (const { payload } of output.deltas) {
      this.payloads[partition]!.push(payload);
      this.deltas[partition]!.push(decodeDelta(payload));
    }
    for (const letter of output.deadLetters) this.deadLetters.add(`${letter.reason} ${letter.key}`);
    if (output.actuals) this.#add(output.actuals);
    if (output.snapshot) {
      this.#metas[partition] = output.snapshot.meta;
      this.#snapshotOffsets[partition] = this.#handled[partition]!;
      for (const page of output.snapshot.pages) this.#pages.set(`${partition} ${page.page}`, page);
    }
  }

  commitAll(flush: boolean): void {
    for (let partition = 0; partition < this.partitions; partition++) this.commit(partition, flush);
  }

  /** Throws the partition's state away and recovers as a new owner would: last snapshot, then the log up to the last commit. */
  async crash(partition: number): Promise<void> {
    const meta = this.#metas[partition];
    const committed = this.#committed[partition]!;
    const pages = [...this.#pages].filter(([key]) => key.startsWith(`${partition} `)).map(([, page]) => page);
    this.#states[partition] = meta
      ? await DetectPartition.restore(this.#options(partition), pooled(meta), pages.map((page) => ({ ...page, bytes: pooled(page.bytes) })))
      : new DetectPartition(this.#options(partition));
    this.#handled[partition] = meta ? this.#snapshotOffsets[partition]! : 0;
    while (this.#handled[partition]! < committed) await this.step(partition, Math.min(1000, committed - this.#handled[partition]!));
    this.#states[partition]!.discardOutput();
  }

  counters(): { accepted: number; duplicates: number; rejected: number; late: number; unplanned: number; returns: number } {
    const sum = { accepted: 0, duplicates: 0, rejected: 0, late: 0, unplanned: 0, returns: 0 };
    for (const state of this.#states) {
      const { counters } = state.takeOutput(false);
      sum.accepted += counters.accepted;
      sum.duplicates += counters.duplicates;
      sum.late += counters.late;
      sum.unplanned += counters.unplanned;
      sum.returns += counters.returns;
      for (const n of Object.values(counters.rejected)) sum.rejected += n;
    }
    return sum;
  }

  #add(rows: ActualRows): void {
    rows.hours.forEach((hours, row) =>
      hours.forEach((hour, i) => {
        const key = `${rows.sku[row]} ${rows.location[row]} ${rows.day[row]} ${hour}`;
        const [lines, units, revenue] = this.actuals.get(key) ?? [0, 0, 0];
        this.actuals.set(key, [lines + rows.lines[row]![i]!, units + rows.units[row]![i]!, revenue + rows.revenue[row]![i]!]);
      }),
    );
  }
}
