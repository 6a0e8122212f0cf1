import type { EventLog, Store } from '@plumbline/ports';
import type { Instant } from '@plumbline/kernel';
import type { Config } from '@plumbline/runtime';

/** What every service works on: the ports, and the few settings that name things. */
export interface Source {
  log: EventLog;
  store: Store;
  config: Pick<Config, 'topic' | 'log' | 'zone'> & Partial<Pick<Config, 'falseAlarms'>>;
  /** Partitions of the events topic. */
  partitions: number;
}

/** Milliseconds UTC: the wall clock, passed in so that a test can hold it. */
export type Now = () => Instant;

/**
 * The tower's own time: the tick that the roll-up has reached, or the wall clock on a tower that has seen none. In a
 * replay or a demo it is event time, so "until tomorrow" means the tower's tomorrow.
 */
export async function towerTime(store: Store, now: Now): Promise<Instant> {
  const tick = await store.rollUpTick();
  return Number.isFinite(tick) ? tick : now();
}
