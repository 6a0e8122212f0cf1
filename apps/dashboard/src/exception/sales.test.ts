import { expect, it } from 'vitest';
import { saleOf } from './sales.ts';

it('reads a sale and a return, and keeps what was sent', () => {
  const event = { specversion: '1.0', id: 'e-1', type: 'pos.return', data: { sku: '4711', location: 'LYS', quantity: '0.35', price: '12.90', currency: 'EUR' } };
  const row = saleOf({ partition: 2, offset: 17, time: '2026-11-24T09:40:00Z', event });
  expect(row).toMatchObject({ key: '2-17', what: 'return', sku: '4711', location: 'LYS', quantity: '0.35', currency: 'EUR' });
  expect(row.amount).toBeCloseTo(4.515, 9);
  expect(JSON.parse(row.json)).toEqual(event);
});

it('stands events of other types and without the members of a sale', () => {
  expect(saleOf({ offset: 1, time: '2026-11-24T09:40:00Z', event: { type: 'inventory.counted', data: { sku: '4711' } } })).toMatchObject({ what: 'inventory.counted', amount: undefined, quantity: '' });
  expect(saleOf({ offset: 1, time: '2026-11-24T09:40:00Z', event: {} })).toMatchObject({ what: '', sku: '' });
});
