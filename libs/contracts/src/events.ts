import { parseInstant } from '@plumbline/kernel';
import { z } from 'zod';
import {
  amountFits,
  code,
  countedQuantity,
  currency,
  eventTime,
  MAX_ID_LENGTH,
  positiveQuantity,
  sequenceText,
  signedQuantity,
  text,
  unitPrice,
} from './fields.ts';
import type { ExceptionCommand } from './tick-delta.ts';

/**
 * Events of the log: CloudEvents 1.0, one schema per type. `source` + `id` identify an event; the same pair again is a
 * duplicate. Unknown members are ignored, as CloudEvents asks.
 */
export const CONTRACT_VERSION = 1;
/** The value of `dataschema` of a type in this version. */
export const dataschemaOf = (type: string): string => `urn:plumbline:event:${type}:${CONTRACT_VERSION}`;

const envelope = {
  specversion: z.literal('1.0', { error: 'must be "1.0"' }),
  id: text(MAX_ID_LENGTH).describe('Unique within the source'),
  source: text(MAX_ID_LENGTH).describe('URI reference of what produced the event, such as a till or a feed'),
  time: eventTime.describe('When it happened'),
  datacontenttype: z
    .string()
    .regex(/^application\/json(\s*;.*)?$/i, { error: 'must be "application/json"' })
    .optional(),
  subject: text(MAX_ID_LENGTH).optional(),
  sequence: sequenceText
    .optional()
    .describe('Number of the event in its source, rising; lets duplicates be told exactly'),
  redrive: text(128).optional().describe('Dead letter this event is sent again for'),
};

const define = <T extends string, D extends z.ZodType>(type: T, description: string, data: D) =>
  z
    .object({
      ...envelope,
      type: z.literal(type),
      dataschema: z.literal(dataschemaOf(type), { error: `must be "${dataschemaOf(type)}" or left out` }).optional(),
      data,
    })
    .describe(description);

const name = text(128);
const line = z
  .object({
    sku: code,
    location: code,
    quantity: positiveQuantity.describe('Units sold or returned, always positive'),
    price: unitPrice.describe('Price of one unit'),
    currency,
    transaction: name.optional(),
    customer: name.optional(),
    promotion: name.optional(),
  })
  .refine(amountFits, { path: ['price'], error: 'quantity × price must be at most 10000000000; split the line' });

const orderLine = { order: name, line: name.optional(), sku: code, location: code };
const order = {
  created: z.object({
    ...orderLine,
    quantity: positiveQuantity,
    customer: name.optional(),
    channel: name.optional(),
    price: unitPrice.optional(),
    currency: currency.optional(),
    requestedAt: eventTime.optional(),
    promisedAt: eventTime.optional(),
  }),
  changed: z.object({
    ...orderLine,
    quantity: positiveQuantity.optional(),
    requestedAt: eventTime.optional(),
    promisedAt: eventTime.optional(),
    reason: text(500).optional(),
  }),
  cancelled: z.object({ ...orderLine, quantity: positiveQuantity.optional(), reason: text(500).optional() }),
  allocated: z.object({ ...orderLine, quantity: positiveQuantity }),
  shipped: z.object({ ...orderLine, quantity: positiveQuantity, shipment: name.optional(), carrier: name.optional() }),
  delivered: z.object({ ...orderLine, quantity: positiveQuantity, shipment: name.optional() }),
};

const supply = {
  ordered: z.object({
    ...orderLine,
    quantity: positiveQuantity,
    supplier: name.optional(),
    dueAt: eventTime,
  }),
  confirmed: z.object({ ...orderLine, quantity: positiveQuantity, dueAt: eventTime }),
  advised: z.object({ ...orderLine, quantity: positiveQuantity, expectedAt: eventTime, shipment: name.optional() }),
  received: z.object({ ...orderLine, quantity: positiveQuantity, shipment: name.optional() }),
};

const inventory = {
  counted: z.object({
    sku: code,
    location: code,
    quantity: countedQuantity,
    bin: name.optional(),
    lot: name.optional(),
  }),
  adjusted: z.object({ sku: code, location: code, quantity: signedQuantity, reason: text(500) }),
  transferred: z.object({ sku: code, from: code, to: code, quantity: positiveQuantity, transfer: name.optional() }),
};

const productionCompleted = z.object({
  sku: code,
  location: code,
  quantity: positiveQuantity,
  scrap: countedQuantity.optional(),
  order: name.optional(),
  resource: name.optional(),
});

const planCommitted = z.object({
  id: name,
  hash: z.string().regex(/^[0-9a-f]{64}$/, { error: 'must be the SHA-256 of the plan version, 64 hexadecimal digits' }),
  effectiveAt: eventTime,
  by: name.optional(),
  note: text(2000).optional(),
});

const ticked = z.object({
  at: eventTime.describe('Everything before this instant is in the log'),
  heard: z.array(code).describe('Locations heard from since the previous tick'),
});

const said = {
  exceptionId: text(64),
  by: name,
  saidAt: eventTime.optional().describe('By the clock on the wall, where the tower’s time is another (demo, replay)'),
};
const note = text(2000);
const command = {
  acknowledged: z.object({ ...said, note: note.optional() }),
  assigned: z.object({ ...said, owner: name, note: note.optional() }),
  started: z.object({ ...said, note: note.optional() }),
  snoozed: z.object({ ...said, until: eventTime, note: note.optional() }),
  resolved: z.object({ ...said, note }),
  dismissed: z.object({ ...said, reason: note, note: note.optional() }),
  commented: z.object({ ...said, note }),
  reopened: z.object({ ...said, note: note.optional() }),
  undone: z.object({ ...said, undoes: text(MAX_ID_LENGTH).describe('id of the command taken back') }),
};

export const eventSchemas = {
  'pos.sale': define('pos.sale', 'A line sold at a till', line),
  'pos.return': define('pos.return', 'A line brought back', line),
  'order.created': define('order.created', 'A customer order line', order.created),
  'order.changed': define('order.changed', 'New quantity or dates of an order line', order.changed),
  'order.cancelled': define('order.cancelled', 'An order line, or part of it, withdrawn', order.cancelled),
  'order.allocated': define('order.allocated', 'Stock set aside for an order line', order.allocated),
  'order.shipped': define('order.shipped', 'An order line on its way', order.shipped),
  'order.delivered': define('order.delivered', 'An order line handed over', order.delivered),
  'supply.ordered': define('supply.ordered', 'A replenishment order line', supply.ordered),
  'supply.confirmed': define('supply.confirmed', 'What the supplier promises', supply.confirmed),
  'supply.advised': define('supply.advised', 'An advance shipping notice', supply.advised),
  'supply.received': define('supply.received', 'Goods received', supply.received),
  'inventory.counted': define('inventory.counted', 'Stock on hand as counted', inventory.counted),
  'inventory.adjusted': define('inventory.adjusted', 'A correction of stock on hand', inventory.adjusted),
  'inventory.transferred': define('inventory.transferred', 'Stock moved between locations', inventory.transferred),
  'production.completed': define('production.completed', 'Output of a production order', productionCompleted),
  'plan.committed': define('plan.committed', 'A plan version becomes the one to compare with', planCommitted),
  'exception.acknowledged': define('exception.acknowledged', 'Somebody has seen it', command.acknowledged),
  'exception.assigned': define('exception.assigned', 'Somebody owns it', command.assigned),
  'exception.started': define('exception.started', 'Work on it has begun', command.started),
  'exception.snoozed': define('exception.snoozed', 'Hidden until an instant', command.snoozed),
  'exception.resolved': define('exception.resolved', 'Dealt with', command.resolved),
  'exception.dismissed': define('exception.dismissed', 'Not worth acting on, with the reason', command.dismissed),
  'exception.commented': define('exception.commented', 'A note', command.commented),
  'exception.reopened': define('exception.reopened', 'Not dealt with after all', command.reopened),
  'exception.undone': define('exception.undone', 'The last command is taken back', command.undone),
  'clock.ticked': define('clock.ticked', 'Time has passed', ticked),
} as const;

export type EventType = keyof typeof eventSchemas;
export const eventTypes = Object.keys(eventSchemas) as EventType[];
export type EventOf<T extends EventType> = z.infer<(typeof eventSchemas)[T]>;
export type PlumblineEvent = { [T in EventType]: EventOf<T> }[EventType];
export type SaleEvent = EventOf<'pos.sale'>;
export type ReturnEvent = EventOf<'pos.return'>;
export type TickEvent = EventOf<'clock.ticked'>;
export type PlanCommittedEvent = EventOf<'plan.committed'>;
export type CommandEvent = EventOf<ExceptionCommand['type']>;

export const isEventType = (type: unknown): type is EventType =>
  typeof type === 'string' && Object.hasOwn(eventSchemas, type);
export const isCommand = (event: PlumblineEvent): event is CommandEvent => event.type.startsWith('exception.');

/** Stable codes of why an event cannot be understood. */
export const faultReasons = [
  'not-json',
  'not-object',
  'unknown-type',
  'unknown-version',
  'schema',
  'too-large',
] as const;
export type FaultReason = (typeof faultReasons)[number];

export type ParsedEvent = { ok: true; event: PlumblineEvent } | { ok: false; reason: FaultReason; detail: string };

/**
 * Checks a parsed JSON value against the contract. Never throws.
 * `detail` names the member, what it must be, what was found; the first three faults, in the contract's order.
 */
export function parseEvent(json: unknown): ParsedEvent {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    return { ok: false, reason: 'not-object', detail: `the event must be a JSON object; found ${excerpt(json)}` };
  }
  const { type, specversion, dataschema } = json as Record<string, unknown>;
  if (typeof specversion === 'string' && specversion !== '1.0') {
    return {
      ok: false,
      reason: 'unknown-version',
      detail: `specversion: must be "1.0"; found ${excerpt(specversion)}`,
    };
  }
  if (!isEventType(type)) {
    const hint = type === undefined ? 'is missing' : `is not known: ${excerpt(type)}`;
    return { ok: false, reason: 'unknown-type', detail: `type: ${hint}; send one of ${eventTypes.join(', ')}` };
  }
  const known = dataschemaOf(type);
  if (typeof dataschema === 'string' && dataschema !== known) {
    const detail = `dataschema: must be "${known}" or left out; found ${excerpt(dataschema)}`;
    return { ok: false, reason: 'unknown-version', detail };
  }
  const result = eventSchemas[type].safeParse(json);
  if (result.success) return { ok: true, event: result.data };
  return { ok: false, reason: 'schema', detail: describeIssues(result.error.issues, json) };
}

/** One sentence per faulty member, the first three of them. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], input: unknown): string {
  const sentences = new Map<string, string>();
  for (const issue of issues) {
    const path = issue.path.join('.') || 'body';
    if (sentences.has(path)) continue;
    const found = issue.path.reduce<unknown>(
      (value, step) => (value as Record<PropertyKey, unknown> | undefined)?.[step],
      input,
    );
    sentences.set(path, `${path}: ${found === undefined ? missing(issue) : `${issue.message}; found ${excerpt(found)}`}`);
  }
  const all = [...sentences.values()];
  return all.length > 3 ? `${all.slice(0, 3).join('. ')}. And ${all.length - 3} more` : all.join('. ');
}

/** Our own messages say what a member must be; the library's says only that it found nothing. */
const missing = ({ message }: z.core.$ZodIssue): string => (message.startsWith('Invalid input') ? 'is missing' : `is missing; it ${message}`);

/** Objects are only named: a hostile one may be nested too deep to print. */
function excerpt(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value !== null && typeof value === 'object') return 'an object';
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 57)}…` : json;
}

/** The command a person's event carries, as the tick delta hands it on. */
export function commandOf(event: CommandEvent): ExceptionCommand {
  const { exceptionId, by, saidAt } = event.data;
  const data: { owner?: string; until?: string; reason?: string; note?: string | undefined; undoes?: string } = event.data;
  return {
    type: event.type,
    id: event.id,
    exceptionId,
    by,
    at: parseInstant(event.time),
    ...(data.owner === undefined ? {} : { owner: data.owner }),
    ...(data.until === undefined ? {} : { until: parseInstant(data.until) }),
    ...(data.reason === undefined ? {} : { reason: data.reason }),
    ...(data.note === undefined ? {} : { note: data.note }),
    ...(data.undoes === undefined ? {} : { undoes: data.undoes }),
    ...(saidAt === undefined ? {} : { saidAt: parseInstant(saidAt) }),
  };
}
