import { encodeSale, parseEvent } from '@plumbline/contracts';
import { expect, it } from 'vitest';
import { Clock } from './topology.ts';

const none = (): undefined => undefined;
const sale = (location: string): Uint8Array =>
  encodeSale({ type: 'pos.sale', id: location, source: 's', time: 0, sku: 'a', location, quantity: 1000, price: 100, currency: 'EUR' });

it('names each location heard from once, in every partition, and only since the last tick', () => {
  const clock = new Clock();
  for (const location of ['Lyon', 'Aix', 'Lyon']) clock.hear(sale(location), none);
  clock.hear(new TextEncoder().encode('not an event'), none);
  const ticks = clock.tick(1000, 3);
  expect(ticks.map((tick) => tick.partition)).toEqual([0, 1, 2]);
  const parsed = parseEvent(JSON.parse(new TextDecoder().decode(ticks[1]!.value)));
  expect(parsed.ok && parsed.event.type === 'clock.ticked' && parsed.event.data).toEqual({ at: '1970-01-01T00:00:01Z', heard: ['Aix', 'Lyon'] });
  expect(clock.tick(1000, 3)).toEqual([]);
  expect(clock.tick(1999, 3)).toEqual([]);
  const next = parseEvent(JSON.parse(new TextDecoder().decode(clock.tick(2000, 1)[0]!.value)));
  expect(next.ok && next.event.type === 'clock.ticked' && next.event.data.heard).toEqual([]);
  clock.hear(sale('Aix'), none);
  expect(clock.tick(2001, 2)).toHaveLength(2);
});
