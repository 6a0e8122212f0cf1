import { connect, type Socket } from 'node:net';
import { PlumblineError } from '@plumbline/kernel';
import { javaAvailable, Probe, startKafka, unique, until, type KafkaServer } from '@plumbline/testkit';
import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaLog } from './kafka-log.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);

const LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
const GUARDED = {
  'listener.security.protocol.map': 'PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',
  'sasl.enabled.mechanisms': 'PLAIN',
  'sasl.mechanism.inter.broker.protocol': 'PLAIN',
  'listener.name.plaintext.plain.sasl.jaas.config': `${LOGIN} username="tower" password="secret" user_tower="secret";`,
};

if (javaAvailable()) describe('on a real broker', suite);
else {
  it('skipped: no Java', ({ skip }) => {
    expect(process.env.CI, 'Java 17 must be there when CI=true').not.toBe('true');
    skip('no Java');
  });
}

function suite(): void {
  let server: KafkaServer;
  beforeAll(async () => {
    server = await startKafka();
  });
  afterAll(async () => {
    await server.stop();
  });

  it('a lost answer makes no duplicate: what was under way when the line broke is there once, in order', async () => {
    const sockets = new Set<Socket>();
    const log = openKafkaLog({
      brokers: server.brokers,
      socketFactory: ({ host, port, onConnect }) => {
        const socket = connect({ host, port }, onConnect);
        sockets.add(socket.on('close', () => sockets.delete(socket)));
        return socket;
      },
    });
    const topic = unique('cut');
    await log.createTopic(topic, { partitions: 2 });
    const producer = await log.producer();
    const calls: Promise<void>[] = [];
    for (let i = 0; i < 60; i++) {
      const records = Array.from({ length: 50 }, (_, j) => ({
        key: bytes('k'),
        value: bytes(String(i * 50 + j)),
        partition: j % 2,
      }));
      calls.push(producer.append(topic, records));
      await new Promise((resolve) => setTimeout(resolve, 3));
      if (i % 7 === 3) for (const socket of sockets) socket.destroy(new Error('cut'));
    }
    await Promise.all(calls);
    for (const partition of [0, 1]) {
      const stored = (await log.read(topic, partition, 0, 10_000)).map((record) => Number(text(record.value)));
      expect(stored).toEqual(Array.from({ length: 1500 }, (_, i) => 2 * i + partition));
    }
    await log.close();
  });

  it('reads what others wrote: gzip, transactions, keys where Kafka puts them; not what was rolled back', async () => {
    const log = openKafkaLog({ brokers: server.brokers });
    const topic = unique('others');
    await log.createTopic(topic, { partitions: 1 });
    const kafka = new Kafka({ brokers: server.brokers, logLevel: logLevel.NOTHING });
    const options = { createPartitioner: Partitioners.DefaultPartitioner, idempotent: true, maxInFlightRequests: 1 };
    const other = kafka.producer({ ...options, transactionalId: unique('tx') });
    await other.connect();
    for (const [value, keep] of [
      ['kept', true],
      ['rolled back', false],
      ['kept too', true],
    ] as const) {
      const transaction = await other.transaction();
      await transaction.send({
        topic,
        compression: CompressionTypes.GZIP,
        messages: [{ key: 'a', value, headers: { h: value } }],
      });
      await (keep ? transaction.commit() : transaction.abort());
    }
    await other.disconnect();
    const probe = new Probe();
    const consumer = await log.subscribe({ topic, group: unique('g') }, probe);
    await until(
      'both kept records',
      () => probe.values().length === 2,
      () => probe.values(),
    );
    expect(probe.values()).toEqual(['kept', 'kept too']);
    expect((await log.read(topic, 0, 0, 10)).map((record) => record.headers)).toEqual([
      { h: 'kept' },
      { h: 'kept too' },
    ]);
    await consumer.stop();
    await log.close();
  });

  it('shares several topics of one group, each among those that want it', async () => {
    const log = openKafkaLog({ brokers: server.brokers });
    const topics = [unique('one'), unique('two')];
    const group = unique('g');
    for (const topic of topics) await log.createTopic(topic, { partitions: 2 });
    const probes = topics.map(() => new Probe());
    const consumers = await Promise.all(topics.map((topic, i) => log.subscribe({ topic, group }, probes[i]!)));
    await until(
      'both to hold their own',
      () => probes.every((probe) => probe.held.size === 2),
      () => probes.map((probe) => [...probe.held]),
    );
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    await log.close();
  });

  it('says how many records were skipped, and fails for good when the log ends before the wanted offset', async () => {
    const lines: { message: string; detail: Record<string, unknown> }[] = [];
    const log = openKafkaLog({
      brokers: server.brokers,
      logger: (_level, message, detail) => lines.push({ message, detail }),
    });
    const topic = unique('gone');
    await log.createTopic(topic, { partitions: 1 });
    const producer = await log.producer();
    await producer.append(
      topic,
      ['a', 'b', 'c'].map((value) => ({ key: bytes('k'), value: bytes(value) })),
    );
    const admin = new Kafka({ brokers: server.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    await admin.disconnect();
    const behind = new Probe({ start: () => 0 });
    await log.subscribe({ topic, group: unique('g') }, behind);
    await until('what is left', () => behind.values().length === 1);
    expect(behind.values()).toEqual(['c']);
    expect(lines.find((line) => line.message.includes('retention'))?.detail).toMatchObject({
      topic,
      partition: 0,
      asked: 0,
      low: 2,
      skipped: 2,
    });
    const ahead = new Probe({ start: () => 99 });
    await log.subscribe({ topic, group: unique('g') }, ahead);
    await until('the failure', () => ahead.failure !== undefined);
    expect(ahead.failure).toMatchObject({ code: 'log-truncated' });
    await log.close();
  });

  it('refuses what cannot work with a clear error', async () => {
    expect(() => openKafkaLog({ brokers: [] })).toThrow(PlumblineError);
    const log = openKafkaLog({ brokers: server.brokers });
    const topic = unique('limits');
    await log.createTopic(topic, { partitions: 1 });
    const producer = await log.producer();
    const append = (value: Uint8Array, partition = 0): Promise<void> =>
      producer.append(topic, [{ key: bytes('k'), value, partition }]);
    await expect(append(new Uint8Array(9 << 20))).rejects.toMatchObject({ code: 'record-too-large' });
    await expect(append(bytes('v'), 5)).rejects.toMatchObject({ code: 'partition-unknown' });
    await append(bytes('still works'));
    await producer.close();
    await expect(append(bytes('late'))).rejects.toMatchObject({ code: 'log-closed' });
    const session = log.subscribe({ topic, group: unique('g'), sessionTimeoutMs: 3_600_000 * 24 }, new Probe());
    await expect(session).rejects.toMatchObject({ type: 'INVALID_SESSION_TIMEOUT' });
    await log.close();
    const nobody = openKafkaLog({ brokers: ['127.0.0.1:1'] });
    await expect(nobody.partitions('t')).rejects.toMatchObject({ code: 'log-unavailable' });
    expect(await nobody.healthy()).toBe(false);
    await nobody.close();
  });

  it('signs in with SASL, and says so when it is refused', async () => {
    const guarded = await startKafka({ brokerConfig: GUARDED });
    try {
      const sasl = { mechanism: 'plain', username: 'tower', password: 'secret' } as const;
      const topic = unique('guarded');
      const log = openKafkaLog({ brokers: guarded.brokers, sasl });
      await log.createTopic(topic, { partitions: 1 });
      const probe = new Probe();
      await log.subscribe({ topic, group: unique('g') }, probe);
      await (await log.producer()).append(topic, [{ key: bytes('k'), value: bytes('v') }]);
      await until('the record', () => probe.values().length === 1);
      await log.close();
      const wrong = openKafkaLog({ brokers: guarded.brokers, sasl: { ...sasl, password: 'guess' } });
      await expect(wrong.partitions(topic)).rejects.toMatchObject({
        code: 'log-unavailable',
        message: expect.stringMatching(/authentication/i) as string,
      });
      await expect(wrong.subscribe({ topic, group: unique('g') }, new Probe())).rejects.toThrow(/authentication/i);
      await wrong.close();
    } finally {
      await guarded.stop();
    }
  });
}
