import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { javaAvailable, startKafka } from './kafka-server.ts';

if (javaAvailable() && !process.env.KAFKA_BROKERS) {
  it('starts, survives a kill with its data, and is gone after stop', async () => {
    const server = await startKafka();
    const [address] = server.brokers;
    expect(await answers(address!)).toBe(true);
    await server.kill();
    expect(await answers(address!)).toBe(false);
    await server.restart();
    expect(server.brokers).toEqual([address]);
    expect(await answers(address!)).toBe(true);
    await server.stop();
    await server.stop();
    expect(await answers(address!)).toBe(false);
  });
} else {
  it('skipped: no Java', ({ skip }) => {
    expect(process.env.CI === 'true' && !process.env.KAFKA_BROKERS, 'Java 17 must be there when CI=true').toBe(false);
    skip('no Java');
  });
}

it('takes the cluster of KAFKA_BROKERS as it is', async () => {
  const before = process.env.KAFKA_BROKERS;
  process.env.KAFKA_BROKERS = 'a:1, b:2';
  try {
    const server = await startKafka();
    expect(server).toMatchObject({ brokers: ['a:1', 'b:2'], external: true });
    await expect(server.kill()).rejects.toMatchObject({ code: 'kafka-external' });
    await server.stop();
  } finally {
    if (before === undefined) delete process.env.KAFKA_BROKERS;
    else process.env.KAFKA_BROKERS = before;
  }
});

function answers(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host: host!, port: Number(port) });
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
