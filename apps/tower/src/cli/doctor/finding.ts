import type { DoctorReport } from '@plumbline/contracts';
import { PlumblineError } from '@plumbline/kernel';

/** What one check found. A warning does not keep the tower from running. */
export interface Finding {
  check: string;
  level: 'ok' | 'warning' | 'failed';
  detail: string;
  /** What to do; always there unless it is ok. */
  fix?: string;
}

export const ok = (check: string, detail: string): Finding => ({ check, level: 'ok', detail });
export const warning = (check: string, detail: string, fix: string): Finding => ({ check, level: 'warning', detail, fix });
export const failed = (check: string, detail: string, fix: string): Finding => ({ check, level: 'failed', detail, fix });

/** An error as a finding. */
export function failure(check: string, error: unknown): Finding {
  if (error instanceof PlumblineError) return failed(check, error.where ? `${error.message} (${error.where})` : error.message, error.fix ?? 'See the message.');
  return failed(check, error instanceof Error ? error.message : String(error), 'This was not foreseen: report it with this message.');
}

/** The contract's form: a warning is ok and has a fix. */
export const reportOf = (findings: readonly Finding[]): DoctorReport => ({
  ok: findings.every(({ level }) => level !== 'failed'),
  findings: findings.map(({ check, level, detail, fix }) => ({ check, ok: level !== 'failed', detail, ...(fix === undefined ? {} : { fix }) })),
});
