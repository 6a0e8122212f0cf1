import { z } from 'zod';

/** Wire forms of exceptions. Decimals travel as text, instants as RFC 3339 UTC, days as calendar dates. */
export const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .describe('Exact decimal');
export const instant = z.iso.datetime({ offset: true }).describe('RFC 3339 instant');

export const exceptionKinds = ['demand-surge', 'demand-drop', 'zero-run', 'feed-silence'] as const;
export const altitudes = [
  'leaf',
  'sku',
  'sku-region',
  'location',
  'family-region',
  'family',
  'region',
  'total',
] as const;
export const exceptionStatuses = ['open', 'acknowledged', 'in-progress', 'resolved', 'cleared', 'dismissed'] as const;

/** Where an exception sits; absent members are "all". */
export const scopeSchema = z.object({
  sku: z.string().optional(),
  family: z.string().optional(),
  location: z.string().optional(),
  region: z.string().optional(),
});

export const evidenceSchema = z.object({
  scope: scopeSchema,
  altitude: z.enum(altitudes),
  kind: z.enum(exceptionKinds),
  /** Lines expected and seen over the child's own window. */
  expected: z.number(),
  actual: z.number(),
  /** Natural logarithm of the statistic. */
  statistic: z.number(),
  firedAt: instant,
});

export const attributionSchema = z.object({
  scope: scopeSchema,
  label: z.string(),
  /** Lines above (+) or below (−) plan. */
  variance: z.number(),
  /** Share of the exception's variance, −1…1 and beyond where parts offset one another. */
  share: z.number(),
});

export const exceptionSchema = z.object({
  id: z.string().describe('X- and a number, in order of raising'),
  kind: z.enum(exceptionKinds),
  altitude: z.enum(altitudes),
  scope: scopeSchema,
  status: z.enum(exceptionStatuses),
  owner: z.string().nullable(),
  snoozedUntil: instant.nullable(),
  /** Why it was dismissed or resolved. */
  reason: z.string().nullable(),
  headline: z.string(),
  planVersion: z.object({ id: z.string(), name: z.string(), hash: z.string() }),
  /** Estimated begin of the change, and the instant it was raised. */
  since: instant,
  raisedAt: instant,
  updatedAt: instant,
  /** What is compared: sales lines at SKU altitudes, units above them. */
  measure: z.enum(['lines', 'units']),
  /** Plan expectation and actual over since…updatedAt, in `measure`. */
  expected: decimal,
  actual: decimal,
  variance: decimal,
  /** 100 · (actual − expected) / expected. */
  variancePercent: z.number(),
  /** Estimated ratio of the actual rate to plan, and its 80 % range. */
  ratio: z.number(),
  ratioLow: z.number(),
  ratioHigh: z.number(),
  /** Natural logarithms: the statistic when last evaluated, the largest one, and the threshold it had to pass. */
  statistic: z.number(),
  peakStatistic: z.number(),
  threshold: z.number(),
  /** Posterior probability that this is real. */
  probability: z.number(),
  valueAtRisk: decimal,
  currency: z.string(),
  priority: z.number(),
  attribution: z.array(attributionSchema),
  evidence: z.array(evidenceSchema),
  evidenceCount: z.int(),
  recommendedActions: z.array(z.string()),
  reopened: z.int(),
  /** Number of the change that wrote this state; rises over all exceptions. */
  change: z.int(),
});

export const transitionSchema = z.object({
  exceptionId: z.string(),
  sequence: z.int(),
  at: instant,
  from: z.enum(exceptionStatuses).nullable(),
  to: z.enum(exceptionStatuses),
  action: z
    .string()
    .describe(
      'raised, acknowledged, assigned, started, snoozed, woken, resolved, dismissed, cleared, reopened, joined, commented, undone',
    ),
  by: z.string().nullable(),
  note: z.string().nullable(),
  eventId: z.string().optional().describe('The command’s event: what an undo names; absent where the tower acted'),
  change: z.int(),
});

export type ExceptionKind = (typeof exceptionKinds)[number];
export type Altitude = (typeof altitudes)[number];
export type ExceptionStatus = (typeof exceptionStatuses)[number];
export type Scope = z.infer<typeof scopeSchema>;
export type Evidence = z.infer<typeof evidenceSchema>;
export type Attribution = z.infer<typeof attributionSchema>;
export type Exception = z.infer<typeof exceptionSchema>;
export type ExceptionTransition = z.infer<typeof transitionSchema>;

export const planVersionSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum(['draft', 'in-review', 'recommended', 'committed', 'superseded']),
  hash: z.string().describe('SHA-256 of the encoded version'),
  createdAt: instant,
  committedAt: instant.nullable(),
  effectiveAt: instant.nullable(),
  from: z.string().describe('First month, 2026-11'),
  to: z.string().describe('Last month'),
  families: z.int(),
  regions: z.int(),
  series: z.int(),
  units: decimal,
  revenue: decimal,
  currency: z.string(),
});
export type PlanVersionSummary = z.infer<typeof planVersionSummarySchema>;
