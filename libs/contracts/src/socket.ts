import { z } from 'zod';
import { decimal, exceptionKinds, exceptionSchema, instant } from './exception.ts';
import { countersSchema } from './rest-tower.ts';

/**
 * Live messages of the dashboard. The roll-up numbers its changes: a client joins with the last number it has seen and
 * gets either the deltas behind it or a snapshot at change n, then the deltas from n + 1 on.
 */
export const SOCKET_VERSION = 1;
const version = z.literal(SOCKET_VERSION);
const change = z.int().min(0);

const againstPlan = z.object({ units: decimal, plannedUnits: decimal, revenue: decimal, plannedRevenue: decimal });

/** Tiles and heat map as of a tick. Plan values are for the time elapsed. */
export const figuresSchema = z.object({
  tick: instant,
  planVersion: z.object({ id: z.string(), name: z.string(), hash: z.string() }).nullable(),
  currency: z.string().nullable(),
  today: againstPlan,
  week: againstPlan,
  month: againstPlan,
  valueAtRisk: decimal,
  open: z.record(z.enum(exceptionKinds), z.int()),
  feeds: z.object({ heard: z.int(), expected: z.int(), silent: z.array(z.string()) }),
  counters: countersSchema,
  /** Today by family × region, sorted by both. */
  cells: z.array(againstPlan.extend({ family: z.string(), region: z.string() })),
});

export const joinMessageSchema = z.object({
  version,
  after: change.optional().describe('Last change the client has; absent: send a snapshot'),
});
export const snapshotMessageSchema = z.object({
  version,
  change,
  exceptions: z.array(exceptionSchema).describe('All that are not resolved, cleared or dismissed'),
  figures: figuresSchema.nullable(),
});
export const deltaMessageSchema = z.object({
  version,
  from: change.describe('Change number this follows; a client that has another one joins again'),
  change,
  exceptions: z.array(exceptionSchema).describe('Whole exceptions, ascending by change'),
  figures: figuresSchema.partial().nullable().describe('Members that changed'),
});
export const staleMessageSchema = z.object({
  version,
  reason: z.enum(['version', 'behind', 'stopping']),
  detail: z.string(),
});

/** Socket.IO event name → message. */
export const socketMessages = {
  join: {
    direction: 'to-server',
    schema: joinMessageSchema,
    summary: 'A client asks for the state, or for what it missed',
  },
  snapshot: { direction: 'to-client', schema: snapshotMessageSchema, summary: 'The whole state at a change number' },
  delta: { direction: 'to-client', schema: deltaMessageSchema, summary: 'What changed after a change number' },
  stale: { direction: 'to-client', schema: staleMessageSchema, summary: 'The client must reload or join again' },
} as const;

export type Figures = z.infer<typeof figuresSchema>;
export type JoinMessage = z.infer<typeof joinMessageSchema>;
export type SnapshotMessage = z.infer<typeof snapshotMessageSchema>;
export type DeltaMessage = z.infer<typeof deltaMessageSchema>;
export type StaleMessage = z.infer<typeof staleMessageSchema>;
