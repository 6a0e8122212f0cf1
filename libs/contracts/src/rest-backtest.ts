import { z } from 'zod';
import { decimal, instant } from './exception.ts';
import { listOf } from './rest.ts';

/**
 * What an exception's series looked like hour by hour against its plan, and what other rules would have said of it.
 * Statistics and thresholds are natural logarithms; instants of points are the begins of their hours.
 */
export const backtestRuleIds = [
  'tower',
  'e-detector',
  'month-to-date-20',
  'shewhart-3-sigma',
  'ewma',
  'nb-cusum',
] as const;

export const backtestQuerySchema = z.object({
  rule: listOf(z.enum(backtestRuleIds)).describe('Absent: all rules'),
  budget: z.coerce
    .number()
    .positive()
    .max(10_000)
    .optional()
    .describe('False alarms per 1,000 series-weeks; absent: what the tower allots this series'),
  tolerance: z.coerce
    .number()
    .min(0)
    .max(0.9)
    .optional()
    .describe('Dead band δ around plan, 0.1 = ±10 %; absent: that of the altitude'),
  days: z.coerce.number().int().min(1).max(56).default(14).describe('History shown before it was raised'),
});

export const backtestPointSchema = z.object({
  at: instant.describe('Begin of the hour; a present hour is counted up to `now`'),
  expected: decimal.describe('By the plan, in `measure`; of a present hour as far as it is counted'),
  planned: decimal.describe('By the plan for the whole hour'),
  low: decimal.describe('80 % of hours that go to plan lie between low and high'),
  high: decimal,
  actual: decimal.nullable().describe('null after now'),
  statistic: z
    .number()
    .nullable()
    .describe('ln, at the end of the hour; null where nothing is expected, and after now'),
  expectedRevenue: decimal,
  revenue: decimal.nullable(),
});

export const backtestRuleSchema = z.object({
  id: z.enum(backtestRuleIds),
  name: z.string(),
  description: z.string().describe('One plain sentence'),
  parameters: z.record(z.string(), z.number()),
  fired: instant.nullable().describe('First alarm at or after `since`; null: never'),
  alarms: z.array(instant).describe('In the window, in the direction of the exception, ascending'),
  falseAlarmsBefore: z.int().min(0).describe('Alarms before `since`'),
  delayHours: z.number().nullable().describe('`fired` less `since`; null: never'),
});

export const backtestEndSchema = z.object({
  end: instant,
  actual: decimal.describe('So far in the period'),
  plan: decimal.describe('Of the whole period'),
  p10: decimal,
  p50: decimal,
  p90: decimal,
  probabilityOffPlan: z.number().min(0).max(1).describe('That the end lies outside plan ± tolerance'),
});

export const backtestAnswerSchema = z.object({
  exceptionId: z.string(),
  measure: z.enum(['lines', 'units']),
  unit: z.string().describe('"lines", or the unit of the products: "each", "kg", or "units" where they differ'),
  currency: z.string(),
  timezone: z.string().describe('IANA; UTC where the places have several'),
  bucket: z.literal('hour'),
  from: instant,
  to: instant.describe('End of the last point'),
  firedAt: instant,
  since: instant.describe('Estimated begin of the change'),
  now: instant.describe('The tower’s time: its last tick'),
  countedTo: instant.describe('How far the counts of the present hour reach, on average over partitions'),
  threshold: z.number().describe('What `statistic` must reach, ln'),
  points: z.array(backtestPointSchema),
  projection: z
    .object({ day: backtestEndSchema.nullable(), month: backtestEndSchema.nullable() })
    .describe('Of the present business day and month; null where the plan says nothing of them'),
  rules: z.array(backtestRuleSchema),
});

export type BacktestRuleId = (typeof backtestRuleIds)[number];
export type BacktestQuery = z.output<typeof backtestQuerySchema>;
export type BacktestPoint = z.infer<typeof backtestPointSchema>;
export type BacktestRule = z.infer<typeof backtestRuleSchema>;
export type BacktestEnd = z.infer<typeof backtestEndSchema>;
export type BacktestAnswer = z.infer<typeof backtestAnswerSchema>;
