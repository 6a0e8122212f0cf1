import { encodeSale } from '@plumbline/contracts';
import { expect, it } from 'vitest';
import { Archivist } from './topology.ts';

it('keeps SKU, location, time and the bytes of a sale, and leaves out what is no event', () => {
  const archivist = new Archivist();
  const value = encodeSale({ type: 'pos.sale', id: '1', source: 's', time: 1_700_000_000_000, sku: 'Ä 1', location: 'Lyon', quantity: 350, price: 25_500, currency: 'EUR' });
  expect(archivist.row(7, value, () => undefined)).toEqual({ offset: 7, sku: 'Ä 1', location: 'Lyon', time: 1_700_000_000_000, value });
  expect(archivist.row(8, new TextEncoder().encode('{}'), () => undefined)).toBeUndefined();
});
