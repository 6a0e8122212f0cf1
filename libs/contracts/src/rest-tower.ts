import { z } from 'zod';
import { altitudes, exceptionKinds, instant, planVersionSummarySchema, scopeSchema } from './exception.ts';

/** The tower itself: health, status, digest, and the controls of the demo's simulator. */
const count = z.int().min(0);

export const healthSchema = z.object({
  status: z.enum(['ok', 'failing']),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })),
});

/** Cumulative counts since the log began. */
export const countersSchema = z.object({
  accepted: count,
  sales: count,
  returns: count,
  other: count,
  duplicates: count,
  outsideWindow: count.describe('Older than the duplicate window, so nobody can tell whether they are new'),
  late: count,
  unplanned: count.describe('Sales of a SKU or location the plan does not know'),
  rejected: z.record(z.string(), count).describe('By reason'),
});

export const statusSchema = z.object({
  version: z.string(),
  node: z.string(),
  startedAt: instant,
  log: z.object({ kind: z.enum(['embedded', 'kafka']), topic: z.string(), partitions: count, healthy: z.boolean() }),
  store: z.object({ server: z.string(), timescale: z.string().nullable(), migrations: count, healthy: z.boolean() }),
  partitions: z.array(
    z.object({
      partition: count,
      tick: instant.nullable().describe('Time is closed up to here'),
      lag: count.describe('Records behind the end of the log'),
    }),
  ),
  counters: countersSchema,
  exceptions: z.object({ open: count, byKind: z.record(z.enum(exceptionKinds), count) }),
  plan: planVersionSummarySchema.nullable().describe('The version in force'),
});

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** SHA-256 each; equal logs give equal digests. */
export const digestSchema = z.object({ exceptions: sha256, actuals: sha256, deadLetters: sha256 });

export const injectableCauses = [
  'family-surge',
  'region-drop',
  'store-silence',
  'off-shelf',
  'price-mistake',
  'drift',
] as const;
export const injectBodySchema = z.object({
  cause: z.enum(injectableCauses),
  target: scopeSchema.optional().describe('Where; absent: a place of the simulator’s choosing'),
  hours: z
    .number()
    .positive()
    .max(24 * 28)
    .optional()
    .describe('Event time it lasts'),
  factor: z.number().min(0).max(100).optional().describe('Demand becomes this times its base rate'),
});
export const injectedCauseSchema = z.object({
  id: z.string(),
  cause: z.enum(injectableCauses),
  scope: scopeSchema,
  from: instant,
  to: instant,
  factor: z.number(),
  expected: z
    .object({ kind: z.enum(exceptionKinds), altitude: z.enum(altitudes), scope: scopeSchema })
    .describe('What the tower should raise'),
});
const rate = z.number().positive().max(86_400).describe('Event seconds a real second');
export const simulatorStateSchema = z.object({
  at: instant.describe('Event time reached'),
  rate,
  paused: z.boolean(),
  lines: count.describe('Sent so far'),
  causes: z.array(injectedCauseSchema),
});
export const simulatorControlSchema = z
  .object({ rate: rate.optional(), paused: z.boolean().optional() })
  .refine((body) => body.rate !== undefined || body.paused !== undefined, { error: 'give a rate, paused, or both' });

export type Health = z.infer<typeof healthSchema>;
export type Counters = z.infer<typeof countersSchema>;
export type Status = z.infer<typeof statusSchema>;
export type DigestBody = z.infer<typeof digestSchema>;
export type InjectBody = z.infer<typeof injectBodySchema>;
export type InjectedCauseBody = z.infer<typeof injectedCauseSchema>;
export type SimulatorState = z.infer<typeof simulatorStateSchema>;
export type SimulatorControl = z.infer<typeof simulatorControlSchema>;
