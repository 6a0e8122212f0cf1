import { dataschemaOf, eventTypes, type EventOf, type EventType } from './events.ts';

type Data = { [T in EventType]: EventOf<T>['data'] };

const place = { sku: '84879', location: 'LYON-3' };
const orderLine = { order: 'SO-10071', line: '2', ...place };
const supplyLine = { order: 'PO-5512', line: '1', ...place };
const line = { ...place, quantity: '2', price: '1.69', currency: 'EUR' };
const said = { exceptionId: 'X-17', by: 'amelie' };

const data: Data = {
  'pos.sale': { ...line, transaction: 'T-99120', promotion: 'ADVENT' },
  'pos.return': { ...line, quantity: '1', transaction: 'T-99377' },
  'order.created': { ...orderLine, quantity: '24', customer: 'C-88', promisedAt: '2026-11-26T16:00:00Z' },
  'order.changed': { ...orderLine, quantity: '36' },
  'order.cancelled': { ...orderLine, reason: 'customer moved' },
  'order.allocated': { ...orderLine, quantity: '24' },
  'order.shipped': { ...orderLine, quantity: '24', shipment: 'SH-4' },
  'order.delivered': { ...orderLine, quantity: '24', shipment: 'SH-4' },
  'supply.ordered': { ...supplyLine, quantity: '480', supplier: 'V-12', dueAt: '2026-12-01T08:00:00Z' },
  'supply.confirmed': { ...supplyLine, quantity: '480', dueAt: '2026-12-02T08:00:00Z' },
  'supply.advised': { ...supplyLine, quantity: '470', expectedAt: '2026-12-02T10:30:00Z', shipment: 'ASN-7' },
  'supply.received': { ...supplyLine, quantity: '470', shipment: 'ASN-7' },
  'inventory.counted': { ...place, quantity: '12.5' },
  'inventory.adjusted': { ...place, quantity: '-1.25', reason: 'broken' },
  'inventory.transferred': { sku: place.sku, from: 'DC-1', to: place.location, quantity: '48' },
  'production.completed': { ...place, quantity: '600', scrap: '4', resource: 'OVEN-2' },
  'plan.committed': { id: 'P-2026-11', hash: 'c0ffee'.padEnd(64, '0'), effectiveAt: '2026-12-01T00:00:00Z' },
  'exception.acknowledged': said,
  'exception.assigned': { ...said, owner: 'jonas' },
  'exception.started': said,
  'exception.snoozed': { ...said, until: '2026-11-24T08:00:00+01:00' },
  'exception.resolved': { ...said, note: 'reallocated from Centre' },
  'exception.dismissed': { ...said, reason: 'known local event' },
  'exception.commented': { ...said, note: 'asked the store' },
  'exception.reopened': said,
  'exception.undone': { ...said, undoes: 'exception.resolved-42' },
  'clock.ticked': { at: '2026-11-23T09:41:00Z', heard: [place.location] },
};

/** One valid event of a type, as the documents show it. */
export function exampleOf<T extends EventType>(type: T): EventOf<T> {
  const example = {
    specversion: '1.0',
    id: `${type}-42`,
    source: type === 'clock.ticked' ? 'urn:plumbline:clock' : 'urn:example:store:lyon-3',
    type,
    time: '2026-11-23T09:41:02Z',
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(type),
    sequence: '42',
    data: data[type],
  };
  return example as unknown as EventOf<T>;
}

/** Examples of all types, in the contract's order. */
export const exampleEvents = eventTypes.map((type) => exampleOf(type));
