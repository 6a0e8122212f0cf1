import { PlumblineError } from '@plumbline/kernel';
import { expect, it } from 'vitest';
import { readConfig, settings } from './config.ts';

it('has a working default for every setting', () => {
  const config = readConfig({});
  expect(config.port).toBe(7070);
  expect(config.host).toBe('127.0.0.1');
  expect(config.demo).toBe(true);
  expect(Object.keys(config)).toEqual(Object.keys(settings));
});

it('lists every fault at once, unknown names included', () => {
  try {
    readConfig({ PLUMBLINE_PORT: '70700', PLUMBLINE_LOG: 'kafka', PLUMBLINE_ZONE: 'Mars/Olympus', PLUMBLINE_PROT: '1' });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(PlumblineError);
    const message = (error as PlumblineError).message;
    for (const part of ['4 faults', 'PLUMBLINE_PORT', 'KAFKA_BROKERS', 'IANA', 'PLUMBLINE_PROT is not a setting']) expect(message).toContain(part);
  }
});
