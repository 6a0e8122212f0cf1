import { z } from 'zod';
import { decimal, instant } from './exception.ts';

/**
 * Plan against actual over a grid of products × places. Amounts are exact decimals; shares, evidence and the series of
 * spark lines are JSON numbers.
 */
export const comparisonRowGrains = ['family', 'sku', 'none'] as const;
export const comparisonColumnGrains = ['region', 'location', 'none'] as const;
export const comparisonSorts = ['name', 'variance', 'value'] as const;
export const comparisonBuckets = ['hour', 'day', 'week'] as const;

const count = z.int().min(0);
const name = z.string().max(256).optional();
const edge = z.string().regex(/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/, {
  error: 'must be a business day such as 2026-11-23, or an instant such as 2026-11-23T09:00:00Z',
});

export const comparisonQuerySchema = z.object({
  from: edge.describe('First business day; or an instant, rounded down to the full local hour (at most 7 days)'),
  to: edge.describe('The business day after the last; or an instant, rounded up to the full local hour'),
  rows: z.enum(comparisonRowGrains).default('family'),
  columns: z.enum(comparisonColumnGrains).default('region'),
  family: name,
  sku: name,
  region: name,
  location: name,
  version: z.string().max(128).optional().describe('Id or hash of the plan version; absent: the one in force'),
  trend: z.coerce.number().int().min(0).max(200).default(48).describe('Most points of a spark line; 0: none'),
  sort: z
    .enum(comparisonSorts)
    .default('name')
    .describe('Of rows: name, or size of the variance in units (variance) or revenue (value), largest first'),
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('Rows of a page'),
  cursor: z.string().max(100).optional().describe('`next` of the previous answer'),
  format: z.enum(['json', 'csv']).optional().describe('csv: all rows as comma-separated values; also by Accept: text/csv'),
});

const spread = z.object({ p10: decimal, p50: decimal, p90: decimal });

/** What is planned and sold of one cell or total. Where nothing of the range has passed, actuals and shares are null. */
export const comparedSchema = z.object({
  units: decimal.nullable(),
  plannedUnits: decimal.describe('For the time elapsed'),
  plannedUnitsWhole: decimal.describe('For the whole range'),
  revenue: decimal.nullable(),
  plannedRevenue: decimal.describe('For the time elapsed'),
  plannedRevenueWhole: decimal.describe('For the whole range'),
  percent: z.number().nullable().describe('Units as percent of plan elapsed; null where nothing was planned'),
  revenuePercent: z.number().nullable(),
  attainment: z
    .number()
    .nullable()
    .describe('Σ min(actual, plan) ÷ Σ plan over this cell’s own buckets, in units, 0…1; null where nothing was planned'),
  evidence: z
    .number()
    .nullable()
    .describe(
      'Sales lines against plan as a signed z: the deviance of a negative binomial with the plan’s dispersion, against the nearest ratio within the tolerance of the altitude; 0 within it',
    ),
  projection: z
    .object({ units: spread, revenue: spread })
    .nullable()
    .describe('Where the whole range will end; null where nothing of it is still to come'),
  trend: z.object({
    units: z.array(z.number().nullable()).describe('By bucket; null where it has not begun'),
    planned: z.array(z.number()).describe('The same of the plan; of the present bucket the part elapsed'),
  }),
});

export const comparisonCellSchema = comparedSchema.extend({ row: z.string(), column: z.string() });
export const comparisonHeadSchema = z.object({ code: z.string().describe('"" where it stands for all'), name: z.string() });

/** By bucket: of the present one the plan of all of it, actuals up to now; null where it has not begun. */
export const comparisonSeriesSchema = z.object({
  units: z.array(z.number().nullable()),
  planned: z.array(z.number()),
  low: z.array(z.number()).describe('80 % of buckets that go to plan lie between low and high'),
  high: z.array(z.number()),
  revenue: z.array(z.number().nullable()),
  plannedRevenue: z.array(z.number()),
});

export const comparisonAnswerSchema = z.object({
  at: instant.describe('The tick up to which all sales are counted; some ten seconds behind the tower’s last'),
  from: z.string(),
  to: z.string(),
  elapsedTo: instant.nullable().describe('Up to where plan and actual are compared; null where the range has not begun'),
  timezone: z.string().nullable().describe('Of all places compared; null where they have several, each with its own day'),
  planVersion: z
    .object({ id: z.string(), name: z.string(), hash: z.string() })
    .describe('All of the range is compared with this version, even where another was in force then'),
  planFrom: z.string().describe('First business day of the plan'),
  planTo: z.string().describe('Day after its last'),
  currency: z.string(),
  tolerance: z.number().describe('Around plan, within which there is no evidence: 0.1 = ±10 %'),
  bucket: z.enum(comparisonBuckets),
  buckets: z.array(z.string()).describe('Local begin of each: 2026-11-23, or 2026-11-23T09'),
  rows: z.array(comparisonHeadSchema),
  columns: z.array(comparisonHeadSchema),
  cells: z.array(comparisonCellSchema).describe('Cells with a plan or sales, row by row'),
  totals: z.object({
    rows: z.array(comparedSchema).describe('As `rows`: over all columns'),
    columns: z.array(comparedSchema).describe('As `columns`: over all rows, those of other pages too'),
    grand: comparedSchema,
  }),
  series: comparisonSeriesSchema.nullable().describe('The grand total bucket by bucket, where the grid is one cell; else null'),
  rowCount: count.describe('Rows of all pages'),
  next: z.string().nullable(),
});

export type ComparisonQuery = z.output<typeof comparisonQuerySchema>;
export type Compared = z.infer<typeof comparedSchema>;
export type ComparisonCell = z.infer<typeof comparisonCellSchema>;
export type ComparisonHead = z.infer<typeof comparisonHeadSchema>;
export type ComparisonAnswer = z.infer<typeof comparisonAnswerSchema>;
export type ComparisonRowGrain = (typeof comparisonRowGrains)[number];
export type ComparisonColumnGrain = (typeof comparisonColumnGrains)[number];
export type ComparisonSort = (typeof comparisonSorts)[number];
export type ComparisonBucket = (typeof comparisonBuckets)[number];
