import { z } from 'zod';
import { digestSchema } from './rest-tower.ts';

/** What replay, bench, eval and doctor print with `--json`. */
const count = z.int().min(0);

export const replaySummarySchema = z.strictObject({
  linesRead: count,
  accepted: count,
  rejected: z.record(z.string(), count).describe('Lines by reason'),
  duplicates: count,
  returns: count,
  exceptions: z.strictObject({ raised: count, cleared: count, open: count }),
  eventsPerSecond: z.number().min(0),
  peakMemoryBytes: count,
  digest: digestSchema,
});

const machine = z.object({ cpu: z.string(), cores: count, memoryBytes: count, os: z.string() });
export const benchReportSchema = z.object({
  machine,
  versions: z.record(z.string(), z.string()),
  figures: z.array(
    z.object({
      name: z.string(),
      value: z.number(),
      unit: z.string(),
      /** A bound from below, or from above where less is better: `unit` says which way. */
      atLeast: z.number(),
      aim: z.number(),
      met: z.boolean(),
    }),
  ),
});

export const evalReportSchema = z.object({
  targets: z.array(z.object({ name: z.string(), value: z.number(), target: z.number(), met: z.boolean() })),
});

export const doctorReportSchema = z.object({
  ok: z.boolean(),
  findings: z.array(
    z.object({
      check: z.string(),
      ok: z.boolean(),
      detail: z.string(),
      fix: z.string().optional().describe('What to do'),
    }),
  ),
});

export type ReplaySummary = z.infer<typeof replaySummarySchema>;
export type BenchReport = z.infer<typeof benchReportSchema>;
export type EvalReport = z.infer<typeof evalReportSchema>;
export type DoctorReport = z.infer<typeof doctorReportSchema>;
