import { z } from 'zod';
import { decimal, exceptionKinds, exceptionSchema, instant } from './exception.ts';

/**
 * Live messages of the dashboard. The roll-up numbers its changes: a client joins with the last number it has and gets
 * either the deltas behind it or a snapshot at change n, then the deltas from n + 1 on. A long snapshot comes in parts, most
 * urgent first, with deltas between them. Each message to a client is acknowledged by it once applied; the next is made
 * after that, of all that has changed meanwhile.
 */
export const SOCKET_VERSION = 2;
/** Path of the Socket.IO endpoint, on the API's own port; WebSocket is the only transport. */
export const SOCKET_PATH = '/live';
const version = z.literal(SOCKET_VERSION).describe('Of these messages; another one is answered with stale');
const change = z.int().min(0);
const name = z.string().trim().min(1).max(200);

const againstPlan = z.object({ units: decimal, plannedUnits: decimal, revenue: decimal, plannedRevenue: decimal });
const share = z.number().min(0).max(1).nullable();

/**
 * A period to date. Plan attainment is Σmin(actual, plan)/Σplan over family × region × business day, so that a surplus
 * here does not hide a shortfall there; `met…` are the numerators.
 */
export const periodSchema = againstPlan.extend({
  metUnits: decimal,
  metRevenue: decimal,
  attainment: share.describe('metUnits / plannedUnits; null while nothing is planned'),
  revenueAttainment: share,
  from: z.iso.date().describe('Its first business day, where it has come furthest'),
});

export const cellFiguresSchema = againstPlan.extend({
  family: z.string(),
  region: z.string(),
  evidence: z
    .number()
    .describe('Signed deviance of the lines today from plan, in standard deviations of usual days: 2 is seldom, 4 is no chance'),
});

/** Tiles and heat map as of a tick. Plan values are for the time elapsed, whether a feed was heard or not. */
export const figuresSchema = z.object({
  tick: instant,
  planVersion: z.object({ id: z.string(), name: z.string(), hash: z.string() }),
  currency: z.string(),
  today: periodSchema,
  week: periodSchema,
  month: periodSchema,
  valueAtRisk: decimal,
  open: z.record(z.enum(exceptionKinds), z.int()),
  unowned: z.int().describe('Of those open, how many nobody owns'),
  feeds: z.object({ heard: z.int(), expected: z.int(), silent: z.array(z.string()) }),
  /** Today by family × region, sorted by both. */
  cells: z.array(cellFiguresSchema),
});

const oneOf = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(500).optional();

/**
 * What a client is told of. Only what never changes about an exception can be filtered here: one that left the filter
 * could not be told from one that did not change. A scope must name one of the places; absent lists let all through.
 */
export const watchSchema = z.object({
  kind: oneOf(z.enum(exceptionKinds)),
  family: oneOf(name),
  region: oneOf(name),
  location: oneOf(name),
  sku: oneOf(name),
  figures: z.enum(['none', 'tiles', 'all']).describe('tiles: without cells'),
});

export const joinMessageSchema = z.object({
  version,
  after: change
    .optional()
    .describe('Last change the client has, under this same watch; absent: send a snapshot, as when one did not come to its last part'),
  store: z.string().max(100).optional().describe('That snapshot’s store: numbers of another one mean nothing here'),
  watch: watchSchema.default({ figures: 'tiles' }).describe('Absent: all exceptions, figures without cells'),
  by: name.optional().describe('The viewer’s name, shown to those who look at the same exception'),
});
export const watchMessageSchema = z.object({
  version,
  watch: watchSchema.describe('From now on; another filter of exceptions brings a snapshot'),
});
export const lookingMessageSchema = z.object({
  version,
  exceptionId: z.string().max(100).nullable().describe('The exception whose detail is on screen; null: none'),
});

const restOfSnapshot = z.int().min(0).describe('How many are still to come in parts; 0: this was the last');

export const snapshotMessageSchema = z.object({
  version,
  store: z.string().describe('Identity of the store whose changes are numbered; for the next join'),
  change,
  exceptions: z
    .array(exceptionSchema)
    .describe('Watched ones that are not resolved, cleared or dismissed, by falling priority: with the parts that follow, all that there are'),
  rest: restOfSnapshot,
  figures: figuresSchema
    .nullable()
    .describe('null: none yet, or none watched; cells are empty unless all figures are watched'),
});
export const partMessageSchema = z.object({
  version,
  exceptions: z
    .array(exceptionSchema)
    .describe('More of the last snapshot, each in its state of now, which may be newer than the last change told; without what closed meanwhile'),
  rest: restOfSnapshot,
});
export const deltaMessageSchema = z.object({
  version,
  from: change.describe('Change number this follows; a client that has another one joins again'),
  change,
  exceptions: z
    .array(exceptionSchema)
    .describe('Whole exceptions in their last state, closed ones too, ascending by change'),
  figures: figuresSchema.partial().nullable().describe('Members that changed; cells are always whole'),
});
export const lookersMessageSchema = z.object({
  version,
  exceptionId: z.string(),
  names: z.array(z.string()).describe('All who have it on screen, this viewer too, each once, sorted'),
});
export const staleMessageSchema = z.object({
  version: z.int().describe('The server’s'),
  reason: z
    .enum(['version', 'unfit', 'behind', 'stopping'])
    .describe(
      'version: reload the page; unfit: a message did not fit its schema; behind: a message was not acknowledged in time, the connection is closed; stopping: connect again, then join',
    ),
  detail: z.string(),
});

/** Socket.IO event name → message. Those to the client, except stale, are acknowledged with no argument. */
export const socketMessages = {
  join: {
    direction: 'to-server',
    schema: joinMessageSchema,
    summary: 'A client asks for the state, or for what it missed',
  },
  watch: { direction: 'to-server', schema: watchMessageSchema, summary: 'A client watches something else from now on' },
  looking: { direction: 'to-server', schema: lookingMessageSchema, summary: 'What a viewer has on screen' },
  snapshot: {
    direction: 'to-client',
    schema: snapshotMessageSchema,
    summary: 'The state at a change number, whole or its most urgent part; acknowledged when applied',
  },
  part: {
    direction: 'to-client',
    schema: partMessageSchema,
    summary: 'More of a long snapshot; acknowledged when applied',
  },
  delta: {
    direction: 'to-client',
    schema: deltaMessageSchema,
    summary: 'What changed after a change number, at most ten a second; acknowledged when applied',
  },
  lookers: {
    direction: 'to-client',
    schema: lookersMessageSchema,
    summary: 'Who looks at the exception this viewer looks at; acknowledged',
  },
  stale: { direction: 'to-client', schema: staleMessageSchema, summary: 'The client must reload or join again' },
} as const;

export type Figures = z.infer<typeof figuresSchema>;
export type PeriodFigures = z.infer<typeof periodSchema>;
export type CellFigures = z.infer<typeof cellFiguresSchema>;
export type Watch = z.infer<typeof watchSchema>;
/** As a client writes it. */
export type JoinMessage = z.input<typeof joinMessageSchema>;
export type WatchMessage = z.infer<typeof watchMessageSchema>;
export type LookingMessage = z.infer<typeof lookingMessageSchema>;
export type SnapshotMessage = z.infer<typeof snapshotMessageSchema>;
export type PartMessage = z.infer<typeof partMessageSchema>;
export type DeltaMessage = z.infer<typeof deltaMessageSchema>;
export type LookersMessage = z.infer<typeof lookersMessageSchema>;
export type StaleMessage = z.infer<typeof staleMessageSchema>;
