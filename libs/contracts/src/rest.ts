import { z } from 'zod';
import { eventTime, text } from './fields.ts';
import {
  altitudes,
  decimal,
  exceptionKinds,
  exceptionSchema,
  exceptionStatuses,
  instant,
  transitionSchema,
} from './exception.ts';

/**
 * Bodies of the REST API and of the CLI's `--json`: one schema each, used by server, CLI and dashboard.
 * Absent and null differ: null says "there is none", a member is left out where it has no meaning.
 */
export const API_ROOT = '/api/v1';

/** One fault among several: of a body's member (`pointer`), or of a file's cell (`file`, `row`, `column`). */
export const problemErrorSchema = z.object({
  code: z.string(),
  detail: z.string(),
  pointer: z.string().optional().describe('JSON pointer into the body, or the name of a query parameter'),
  file: z.string().optional(),
  row: z.int().optional().describe('Line of the file, the header being 1'),
  column: z.string().optional(),
});

/** RFC 9457 problem details, served as application/problem+json. */
export const problemSchema = z.object({
  type: z.string().describe('urn:plumbline:problem: and the code'),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional().describe('What was wrong, where, and what to do'),
  instance: z.string().optional(),
  code: z.string().describe('Stable, machine-readable'),
  errors: z.array(problemErrorSchema).optional(),
});
export const problemTypeOf = (code: string): string => `urn:plumbline:problem:${code}`;

/** A list: `next` is the cursor of the next page, null on the last one. */
export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() });

/** `a,b` or a repeated parameter. */
export const listOf = <T extends z.ZodType<unknown, string>>(item: T) =>
  z
    .union([z.string(), z.array(z.string())])
    .transform((given) => (typeof given === 'string' ? given.split(',') : given).filter((one) => one !== ''))
    .pipe(z.array(item))
    .optional();
const limit = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);
const cursor = z.string().max(500).optional().describe('`next` of the previous answer');
const count = z.int().min(0);

// Exceptions

export const exceptionQuerySchema = z.object({
  status: listOf(z.enum(exceptionStatuses)),
  kind: listOf(z.enum(exceptionKinds)),
  altitude: listOf(z.enum(altitudes)),
  sku: z.string().optional(),
  family: z.string().optional(),
  location: z.string().optional(),
  region: z.string().optional(),
  owner: z.string().optional(),
  sort: z.enum(['priority', 'newest', 'value']).default('priority'),
  limit: limit(500, 50),
  cursor,
});
export const exceptionPageSchema = pageOf(exceptionSchema);
export const exceptionDetailSchema = exceptionSchema.extend({ transitions: z.array(transitionSchema) });

const note = text(2000);
/** Who says it, and optionally the CloudEvents id, so that a repeated request is applied once. */
const said = { by: text(128).optional().describe('Absent: "operator"'), id: text(256).optional() };
export const commandBodies = {
  acknowledge: z.object({ ...said, note: note.optional() }),
  assign: z.object({ ...said, owner: text(128), note: note.optional() }),
  start: z.object({ ...said, note: note.optional() }),
  snooze: z.object({ ...said, until: eventTime, note: note.optional() }),
  resolve: z.object({ ...said, note }),
  dismiss: z.object({ ...said, reason: note, note: note.optional() }),
  comment: z.object({ ...said, note }),
  reopen: z.object({ ...said, note: note.optional() }),
  undo: z.object({ ...said, undoes: text(256).describe('eventId of the command taken back: the last one, ten minutes old at most') }),
};
export type CommandName = keyof typeof commandBodies;
export const commandNames = Object.keys(commandBodies) as CommandName[];
/** The event each command becomes. */
export const commandEventTypes = {
  acknowledge: 'exception.acknowledged',
  assign: 'exception.assigned',
  start: 'exception.started',
  snooze: 'exception.snoozed',
  resolve: 'exception.resolved',
  dismiss: 'exception.dismissed',
  comment: 'exception.commented',
  reopen: 'exception.reopened',
  undo: 'exception.undone',
} as const satisfies Record<CommandName, string>;
/** The command is in the log; it takes effect at the next tick. */
export const commandAcceptedSchema = z.object({
  exceptionId: z.string(),
  eventId: z.string(),
  type: z.enum(Object.values(commandEventTypes)),
});

// Events

export const ingestLineSchema = z.object({
  index: count.describe('Position in the request, from 0'),
  id: z.string().nullable(),
  status: z.enum(['accepted', 'duplicate-in-request', 'rejected']),
  reason: z.string().optional().describe('Stable code, when rejected'),
  detail: z.string().optional(),
});
export const ingestResultSchema = z.object({
  received: count,
  accepted: count,
  duplicates: count,
  rejected: count,
  results: z.array(ingestLineSchema),
});
export const eventQuerySchema = z.object({
  sku: z.string().optional(),
  location: z.string().optional(),
  family: z.string().optional(),
  region: z.string().optional(),
  from: eventTime,
  to: eventTime,
  limit: limit(1000, 100),
  cursor: z.string().max(4000).optional().describe('`next` of the previous answer to the same question'),
});
export const archivedEventSchema = z.object({
  partition: z.int().optional(),
  offset: z.int(),
  time: instant,
  event: z.record(z.string(), z.unknown()).describe('The CloudEvent as it was sent'),
});
export const archivedEventPageSchema = pageOf(archivedEventSchema);

// Dead letters

export const deadLetterQuerySchema = z.object({
  reason: z.string().optional(),
  state: z.enum(['open', 'redriven']).optional(),
  limit: limit(500, 50),
  cursor,
});
export const deadLetterSchema = z.object({
  id: z.string(),
  reason: z.string(),
  detail: z.string(),
  source: z.string().nullable(),
  eventId: z.string().nullable(),
  payload: z.string(),
  payloadEncoding: z.enum(['utf-8', 'base64']).describe('base64 where the payload is no UTF-8'),
  at: instant,
  redrivenAt: instant.nullable(),
});
export const deadLetterPageSchema = pageOf(deadLetterSchema).extend({
  counts: z.array(z.object({ reason: z.string(), open: count, redriven: count })),
});
/** Which to send again: some by id, or all open ones of a reason. An edited payload is for a single id. */
export const redriveBodySchema = z
  .object({
    ids: z.array(z.string()).min(1).max(10_000).optional(),
    reason: z.string().optional(),
    payload: z.string().optional().describe('The corrected event, in place of the stored one'),
  })
  .refine(({ ids, reason }) => (ids === undefined) !== (reason === undefined), { error: 'give either ids or a reason' })
  .refine(({ ids, payload }) => payload === undefined || ids?.length === 1, {
    path: ['payload'],
    error: 'an edited payload goes with exactly one id',
  });
export const redriveResultSchema = z.object({
  redriven: count,
  refused: z.array(z.object({ id: z.string(), reason: z.string(), detail: z.string() })),
});

/** What a re-drive would do with each letter. */
export const redrivePreviewSchema = z.object({
  items: z.array(
    z.discriminatedUnion('outcome', [
      z.object({
        id: z.string(),
        outcome: z.literal('accepted'),
        event: z.record(z.string(), z.unknown()).describe('What would be sent'),
      }),
      z.object({ id: z.string(), outcome: z.literal('refused'), reason: z.string(), detail: z.string() }),
    ]),
  ),
});

// Actuals

export const actualsQuerySchema = z.object({
  sku: listOf(z.string()),
  location: listOf(z.string()),
  family: z.string().optional(),
  region: z.string().optional(),
  from: z.iso.date().describe('First business day'),
  to: z.iso.date().describe('Business day after the last'),
  bucket: z.enum(['hour', 'day', 'week', 'total']).default('day'),
  by: listOf(z.enum(['sku', 'location'])),
});
export const actualsBucketSchema = z.object({
  sku: z.string().optional(),
  location: z.string().optional(),
  day: z.iso.date().describe('Business day, or the first of the bucket'),
  hour: z.int().min(0).max(23).optional(),
  lines: z.int(),
  units: decimal.describe('Sales less returns'),
  revenue: decimal,
});
export const actualsAnswerSchema = z.object({ items: z.array(actualsBucketSchema), currency: z.string().nullable() });
export const unplannedQuerySchema = z.object({ limit: limit(1000, 100) });

export type Problem = z.infer<typeof problemSchema>;
export type ProblemError = z.infer<typeof problemErrorSchema>;
export type ExceptionPage = z.infer<typeof exceptionPageSchema>;
export type ExceptionDetail = z.infer<typeof exceptionDetailSchema>;
export type CommandBody<N extends CommandName> = z.infer<(typeof commandBodies)[N]>;
export type CommandAccepted = z.infer<typeof commandAcceptedSchema>;
export type IngestLine = z.infer<typeof ingestLineSchema>;
export type IngestResult = z.infer<typeof ingestResultSchema>;
export type DeadLetterPage = z.infer<typeof deadLetterPageSchema>;
export type DeadLetterBody = z.infer<typeof deadLetterSchema>;
export type RedriveBody = z.infer<typeof redriveBodySchema>;
export type RedriveResult = z.infer<typeof redriveResultSchema>;
export type RedrivePreview = z.infer<typeof redrivePreviewSchema>;
export type ActualsAnswer = z.infer<typeof actualsAnswerSchema>;
export type ArchivedEventPage = z.infer<typeof archivedEventPageSchema>;
