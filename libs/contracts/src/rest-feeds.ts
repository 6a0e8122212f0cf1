import { z } from 'zod';
import { instant, planVersionSummarySchema } from './exception.ts';
import { code, text } from './fields.ts';
import { planDiffSchema } from './rest-plan.ts';
import { commandEventTypes, commandNames, pageOf } from './rest.ts';

/** Feeds (what sends, and whether it still does), what the plan does not know, people, and commands on many at once. */
const count = z.int().min(0);
const share = z.number().min(0).max(1);

export const feedStates = ['sending', 'doubtful', 'silent', 'closed'] as const;

export const feedTodaySchema = z.object({
  lines: count.describe('Sales lines of the present business day'),
  expected: z.number().min(0).describe('Lines planned for it up to now'),
});

const counted = {
  accepted: count,
  late: count.describe('Of the accepted: for a business day that had ended'),
  duplicates: count,
  outsideWindow: count.describe('Older than the duplicate window'),
  rejected: count.describe('Dead letters; by location only those whose location could be read'),
  eventsPerSecond: z.number().min(0).describe('Accepted a second of event time, over the last one to two minutes of it'),
};

/** One location of the plan in force. */
export const feedSchema = z.object({
  location: z.string(),
  name: z.string(),
  region: z.string(),
  timezone: z.string().describe('IANA zone'),
  sources: z.array(z.string()).describe('CloudEvents sources that sent for it, most events first, at most 20'),
  lastEventAt: instant.nullable().describe('Latest event time accepted; null: none yet'),
  expectedSince: z.number().min(0).describe('Lines planned since it was last heard from, Λ'),
  statistic: z.number().describe('−ln of the chance of hearing nothing for so long from a feed that is alive: k·ln(1 + Λ/k)'),
  threshold: z.number().describe('What the statistic must reach for the feed to count as silent'),
  silenceProbability: share.describe(
    'Posterior probability that the feed is silent: πS/(1 + πS), ln S the statistic less what the feed’s usual pauses allow, π = 0.003',
  ),
  state: z
    .enum(feedStates)
    .describe('silent: past the threshold; doubtful: a pause of less than one chance in twenty; closed: nothing planned now'),
  silentSince: instant.nullable().describe('Last heard then, while doubtful or silent'),
  eventsPerSecond: counted.eventsPerSecond,
  today: feedTodaySchema,
  late: share.describe('Of the accepted'),
  duplicates: share.describe('Of accepted and duplicates'),
  rejected: counted.rejected,
  exceptionId: z.string().nullable().describe('Open feed-silence exception'),
});

/** What the roll-up knows of a feed; the rest is counted by detect. */
export const feedFactSchema = feedSchema.omit({
  sources: true,
  lastEventAt: true,
  eventsPerSecond: true,
  late: true,
  duplicates: true,
  rejected: true,
});

export const feedSourceSchema = z.object({
  source: z.string().describe('CloudEvents source; "other" sums up those beyond the first 2,000 of a partition'),
  lastEventAt: instant.nullable(),
  locations: count.describe('Locations of the plan it sent for'),
  ...counted,
});

export const feedsSchema = z.object({
  at: instant.nullable().describe('The tower’s time; null before the first tick'),
  items: z.array(feedSchema).describe('Locations of the plan in force: silent first, then doubtful, sending, closed; by code'),
  sources: z.array(feedSourceSchema).describe('Most events first, at most 500'),
  totals: z.object({
    locations: count,
    sources: count,
    sending: count,
    doubtful: count,
    silent: count,
    closed: count,
    ...counted,
  }),
});

// Unplanned sales

export const unknownParts = ['sku', 'location', 'both', 'not-listed'] as const;
const likenessSchema = z.object({
  code: z.string(),
  name: z.string(),
  similarity: share.describe('1 − edit distance / longer length, of code or name'),
});
export const unplannedSchema = z.object({
  sku: z.string(),
  location: z.string(),
  lines: count.describe('Since the log began; what was sold before a plan knew it stays unplanned'),
  lastAt: instant,
  unknown: z.enum(unknownParts).describe('What the plan in force lacks; not-listed: it knows both, but plans nothing of the one at the other'),
  suggestions: z
    .object({ skus: z.array(likenessSchema), locations: z.array(likenessSchema) })
    .describe('Known codes most like the unknown one, best first, at most 5 each; for not-listed: locations of the region that sell it'),
});
export const unplannedPageSchema = pageOf(unplannedSchema);

// Planning like something known

const like = code.describe('The known one it is planned like');
export const planLikeSchema = z.union([
  z
    .strictObject({ sku: code, location: code, like: code.describe('A location of the same region that sells the SKU') })
    .describe('A known SKU at a known location where it was not planned'),
  z.strictObject({ sku: code, name: text(200).optional(), like }).describe('A new SKU: family, price, lines per unit and weights of the other'),
  z.strictObject({ location: code, name: text(200).optional(), like }).describe('A new location: region, zone and weights of the other'),
]);
const said = {
  by: text(128).optional(),
  note: text(2000).optional(),
  dryRun: z.boolean().optional().describe('Only tell what would change'),
};
export const planExtendBodySchema = z.object({
  items: z.array(planLikeSchema).min(1).max(500).describe('Applied in their order: a later one may be like an earlier one'),
  ...said,
});
export const planRevertBodySchema = z.object({
  to: z.string().optional().describe('Id or hash of the version to go back to; absent: the one before the version in force'),
  ...said,
});
/** A version made from the one in force, and what it changes. */
export const planChangeSchema = z.object({
  version: planVersionSummarySchema.nullable().describe('The committed version; null when only asked what would change'),
  from: z.object({ id: z.string(), name: z.string() }).describe('The version that was in force'),
  diff: planDiffSchema,
  series: z.object({ added: count, removed: count }).describe('SKU-locations planned and no longer planned'),
});

// People

export const personSchema = z.object({ name: z.string(), lastAt: instant.describe('Last seen in a transition') });
export const peoplePageSchema = pageOf(personSchema);

// Commands on many exceptions

export const bulkCommandSchema = z.object({
  id: z.string().describe('Exception'),
  command: z.enum(commandNames),
  body: z.record(z.string(), z.unknown()).optional().describe('As of the single command'),
});
export const bulkCommandsBodySchema = z.object({ items: z.array(bulkCommandSchema).min(1).max(500) });
export const bulkCommandResultSchema = z.object({
  index: count.describe('Position in the request, from 0'),
  id: z.string(),
  command: z.enum(commandNames),
  status: z.enum(['accepted', 'refused']),
  eventId: z.string().optional().describe('When accepted: what an undo names'),
  type: z.enum(Object.values(commandEventTypes)).optional(),
  code: z.string().optional().describe('Stable code, when refused'),
  detail: z.string().optional(),
});
export const bulkCommandsResultSchema = z.object({
  accepted: count,
  refused: count,
  results: z.array(bulkCommandResultSchema),
});

export type FeedState = (typeof feedStates)[number];
export type Feed = z.infer<typeof feedSchema>;
export type FeedFact = z.infer<typeof feedFactSchema>;
export type FeedSource = z.infer<typeof feedSourceSchema>;
export type FeedsAnswer = z.infer<typeof feedsSchema>;
export type UnknownPart = (typeof unknownParts)[number];
export type Unplanned = z.infer<typeof unplannedSchema>;
export type UnplannedPage = z.infer<typeof unplannedPageSchema>;
export type PlanLike = z.infer<typeof planLikeSchema>;
export type PlanExtendBody = z.infer<typeof planExtendBodySchema>;
export type PlanRevertBody = z.infer<typeof planRevertBodySchema>;
export type PlanChangeBody = z.infer<typeof planChangeSchema>;
export type PeoplePage = z.infer<typeof peoplePageSchema>;
export type BulkCommandsBody = z.infer<typeof bulkCommandsBodySchema>;
export type BulkCommandResult = z.infer<typeof bulkCommandResultSchema>;
export type BulkCommandsResult = z.infer<typeof bulkCommandsResultSchema>;
