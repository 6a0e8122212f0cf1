import { z } from 'zod';
import { decimal, planVersionSummarySchema } from './exception.ts';
import { eventTime, text } from './fields.ts';
import { pageOf } from './rest.ts';

/** Plan versions over REST and in the CLI's `--json`. */
const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, { error: 'must be a month such as "2026-11"' });
const count = z.int().min(0);
const step = z.object({ from: decimal, to: decimal, change: decimal });

export const planLineSchema = z.object({
  family: z.string(),
  region: z.string(),
  month,
  units: decimal,
  revenue: decimal,
});
export const planPageSchema = pageOf(planVersionSummarySchema);
export const planDetailSchema = planVersionSummarySchema.extend({ lines: z.array(planLineSchema) });

export const planDiffSchema = z.object({
  from: z.object({ id: z.string(), name: z.string() }),
  to: z.object({ id: z.string(), name: z.string() }),
  lines: z.array(
    z.object({
      kind: z.enum(['added', 'removed', 'changed']),
      family: z.string(),
      region: z.string(),
      month,
      units: step,
      revenue: step,
    }),
  ),
  added: count,
  removed: count,
  changed: count,
  unchanged: count,
  units: step,
  revenue: step,
  profiles: z
    .object({ added: count, removed: count, weekday: count, hour: count, closed: count, alpha: count, shares: count })
    .describe('Split profiles that differ, by what differs'),
  products: z.object({ added: count, removed: count, changed: count }),
  locations: z.object({ added: count, removed: count, changed: count }),
});
export const planDiffQuerySchema = z.object({ with: z.string().describe('Id or hash of the version compared with') });

/** What is wrong with one cell of an imported file; all faults are reported at once and nothing is kept. */
export const importFaultSchema = z.object({
  file: z.string().optional(),
  row: z.int().describe('Line of the file, the header being 1; 0 for the file as a whole'),
  column: z.string().describe('Name in the header; empty for the row as a whole'),
  code: z.string(),
  message: z.string(),
});
/** CSV texts by their role. What is left out is taken from the version now in force. */
export const planImportBodySchema = z.object({
  name: text(128),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional(),
  lines: z.string().describe('CSV: family, region, month, units, revenue'),
  products: z.string().optional().describe('CSV: sku, family, name, unit, price'),
  locations: z.string().optional().describe('CSV: code, region, name, zone'),
  profiles: z.string().optional().describe('CSV of split profiles'),
});
export const planImportResultSchema = z.discriminatedUnion('imported', [
  z.object({ imported: z.literal(true), version: planVersionSummarySchema }),
  z.object({ imported: z.literal(false), faults: z.array(importFaultSchema) }),
]);
export const planDeriveBodySchema = z.object({
  name: text(128).optional(),
  before: z.iso.date().describe('Only sales before this business day are looked at'),
  weeks: z.int().min(1).max(104).optional(),
  months: z.int().min(1).max(36).optional(),
});
export const planCommitBodySchema = z.object({
  by: text(128).optional(),
  effectiveAt: eventTime.optional().describe('Absent: now'),
});

export type PlanLineBody = z.infer<typeof planLineSchema>;
export type PlanPage = z.infer<typeof planPageSchema>;
export type PlanDetail = z.infer<typeof planDetailSchema>;
export type PlanDiffBody = z.infer<typeof planDiffSchema>;
export type ImportFault = z.infer<typeof importFaultSchema>;
export type PlanImportBody = z.infer<typeof planImportBodySchema>;
export type PlanImportResult = z.infer<typeof planImportResultSchema>;
export type PlanDeriveBody = z.infer<typeof planDeriveBodySchema>;
export type PlanCommitBody = z.infer<typeof planCommitBodySchema>;
