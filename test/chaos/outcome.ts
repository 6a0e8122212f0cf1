import type { Exception, ExceptionTransition } from '@plumbline/contracts';
import { canonicalJson, type Instant } from '@plumbline/kernel';
import type { AppendRecord, Digest, LogProducer, Store } from '@plumbline/ports';
import { setTimeout as sleep } from 'node:timers/promises';

/** What must not depend on anything that happened on the way. */
export interface Outcome {
  digest: Digest;
  /** Canonical JSON of every exception, then of every transition. */
  exceptions: string[];
  /** Counted once each; duplicates are left out, for a producer may have had to repeat itself. */
  counted: { accepted: number; sales: number; returns: number; late: number; unplanned: number; rejected: Record<string, number> };
}

export async function outcomeOf(store: Store): Promise<Outcome> {
  const exceptions: Exception[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.exceptions({ limit: 200, sort: 'newest', ...(cursor === undefined ? {} : { cursor }) });
    exceptions.push(...page.items);
    if (page.next === undefined) break;
    cursor = page.next;
  }
  const transitions: ExceptionTransition[] = [];
  for (const { id } of exceptions) transitions.push(...(await store.transitions(id)));
  const { accepted, sales, returns, late, unplanned, rejected } = await store.counters();
  return {
    digest: await store.digest(),
    exceptions: tellable(exceptions, transitions),
    counted: { accepted, sales, returns, late, unplanned, rejected },
  };
}

/** In an order of its own, whatever order they come in. */
export function tellable(exceptions: readonly Exception[], transitions: readonly ExceptionTransition[]): string[] {
  return [...exceptions, ...transitions].map(canonicalJson).sort();
}

/** Asks until it is so. A database that is away for a while is waited for. @throws after `ms` */
export async function until(what: string, ms: number, ask: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < ms; waited += 50) {
    if (await ask().catch(() => false)) return;
    await sleep(50);
  }
  throw new Error(`not within ${ms / 1000} s: ${what}`);
}

/** Every partition has closed the tick and the roll-up has handled it. */
export const reached = async (store: Store, partitions: number, tick: Instant): Promise<boolean> =>
  Math.min(...(await store.detectTicks(partitions))) >= tick && (await store.rollUpTick()) >= tick;

/** Appends as a source does: what failed, or may have, is sent again. */
export async function appendSurely(producer: LogProducer, topic: string, records: readonly AppendRecord[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await producer.append(topic, records);
    } catch (error) {
      if (attempt >= 200) throw error;
      await sleep(50);
    }
  }
}
