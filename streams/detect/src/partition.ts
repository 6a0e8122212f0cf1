import type { KeyTable } from '@plumbline/kernel';
import type { PlanIndex } from '@plumbline/plan';
import type { DuplicateWindow } from './duplicates.ts';
import type { Thresholds } from './watch.ts';

/** Where committed plan versions come from, compiled once per process. */
export interface PlanSource {
  /** @throws PlumblineError 'plan-unknown' when no version has this hash */
  load(hash: string): Promise<CompiledForDetect>;
}

export interface CompiledForDetect {
  plan: PlanIndex;
  /** Codes in plan order: the index of a code is its position in the plan's list. */
  skus: KeyTable;
  locations: KeyTable;
  thresholds: Thresholds;
}

export interface DetectOptions {
  partition: number;
  partitions: number;
  plans: PlanSource;
  duplicates: DuplicateWindow;
  /** Zone of locations that no plan names. */
  defaultZone: string;
}

/** The records of one partition, as a log batch gives them. */
export interface Records {
  readonly length: number;
  offset(i: number): number;
  value(i: number): Uint8Array;
  header(i: number, name: string): string | undefined;
}
