import { PlumblineError, partitionOf } from '@plumbline/kernel';
import type { AppendRecord, EventLog } from '@plumbline/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryConformance } from './eventlog-conformance-delivery.ts';
import { faultConformance } from './eventlog-conformance-faults.ts';
import { groupConformance } from './eventlog-conformance-groups.ts';
import {
  bytes,
  fill,
  join,
  Probe,
  SLOW,
  text,
  topicOf,
  unique,
  type EventLogHarness,
  type SuiteContext,
} from './eventlog-probe.ts';

export interface EventLogConformanceOptions {
  /** Session time-out used where a test must outlast one. Kafka's broker takes none below 6 000 ms. Default 6 000. */
  sessionTimeoutMs?: number;
}

/**
 * The delivery contract of the EventLog port as vitest tests, for any adapter.
 * `open` gives a new client of the same log each time; see EventLogHarness for what may be offered beyond the log.
 */
export function eventLogConformance(
  name: string,
  open: () => Promise<EventLogHarness>,
  options: EventLogConformanceOptions = {},
): void {
  describe(`event log conformance: ${name}`, () => {
    const opened: EventLogHarness[] = [];
    let shared: EventLogHarness | undefined;
    const tracked = async () => {
      const harness = await open();
      const close = harness.close.bind(harness);
      let closing: Promise<void> | undefined;
      harness.close = () => (closing ??= close());
      opened.push(harness);
      return harness;
    };
    beforeAll(async () => {
      shared = await tracked();
    });
    afterAll(async () => {
      for (const harness of opened) await harness.close();
    });
    const context: SuiteContext = {
      log: () => {
        if (!shared) throw new Error('the log is open only while tests run');
        return shared.log;
      },
      open: tracked,
      sessionTimeoutMs: options.sessionTimeoutMs ?? 6_000,
    };
    appendConformance(context);
    topicConformance(context);
    deliveryConformance(context);
    groupConformance(context);
    faultConformance(context);
  });
}

function appendConformance({ log }: SuiteContext): void {
  describe('append and read', () => {
    it('puts a key where the kernel says, and keeps key, value and headers', SLOW, async () => {
      const topic = await topicOf(log(), 4);
      const keys = [
        'A',
        'SKU-1',
        'ключ',
        '鍵',
        '🧵',
        'with space',
        'x'.repeat(300),
        ...Array.from({ length: 50 }, (_, i) => `k${i}`),
      ];
      const producer = await log().producer();
      await producer.append(
        topic,
        keys.map((key) => ({ key: bytes(key), value: bytes(`v:${key}`), headers: { kind: 'test', ключ: key } })),
      );
      await producer.close();
      const seen: string[] = [];
      for (let partition = 0; partition < 4; partition++) {
        for (const record of await log().read(topic, partition, 0, 1000)) {
          expect(partitionOf(record.key, 4)).toBe(partition);
          expect(text(record.value)).toBe(`v:${text(record.key)}`);
          expect(record.headers).toEqual({ kind: 'test', ключ: text(record.key) });
          expect(Math.abs(record.timestamp - Date.now())).toBeLessThan(3_600_000);
          seen.push(text(record.key));
        }
      }
      expect(seen.sort()).toEqual(keys.sort());
    });

    it('keeps awkward values: empty, every byte, 1 MiB', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      const large = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
      const values = [new Uint8Array(0), all, large, bytes('after')];
      const producer = await log().producer();
      await producer.append(
        topic,
        values.map((value) => ({ key: all, value })),
      );
      await producer.close();
      const records = await log().read(topic, 0, 0, 10);
      expect(records.map((r) => r.value.length)).toEqual(values.map((v) => v.length));
      records.forEach((record, i) => expect(Buffer.compare(record.value, values[i]!)).toBe(0));
      expect(Buffer.compare(records[0]!.key, all)).toBe(0);
      expect(records[0]!.headers ?? {}).toEqual({});
    });

    it('takes 20 000 records in one call, in order and without a gap', SLOW, async () => {
      const topic = await topicOf(log(), 3);
      const records: AppendRecord[] = Array.from({ length: 20_000 }, (_, i) => ({
        key: bytes(`k${i % 97}`),
        value: bytes(String(i)),
      }));
      const producer = await log().producer();
      await producer.append(topic, records);
      await producer.close();
      const expected = [0, 1, 2].map((p) =>
        records.filter((r) => partitionOf(r.key, 3) === p).map((r) => text(r.value)),
      );
      const offsets = await log().offsets(topic);
      expect(offsets).toEqual(expected.map((list, partition) => ({ partition, low: 0, high: list.length })));
      for (let p = 0; p < 3; p++) expect(await readAll(log(), topic, p)).toEqual(expected[p]);
    });

    it('keeps the order of successive calls that are not awaited', SLOW, async () => {
      const topic = await topicOf(log(), 2);
      const producer = await log().producer();
      const calls: Promise<void>[] = [];
      for (let i = 0; i < 300; i++) {
        const partition = i % 2;
        calls.push(
          producer.append(
            topic,
            [0, 1, 2].map((j) => ({ key: bytes('k'), value: bytes(String(i * 3 + j)), partition })),
          ),
        );
      }
      await producer.close();
      await Promise.all(calls);
      for (const partition of [0, 1]) {
        const numbers = (await readAll(log(), topic, partition)).map(Number);
        expect(numbers).toHaveLength(450);
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      }
    });

    it('mixes several producers without losing any record', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      await Promise.all(['a', 'b', 'c'].map((prefix) => fill(log(), topic, 0, 200, prefix)));
      const values = await readAll(log(), topic, 0);
      expect(values).toHaveLength(600);
      for (const prefix of ['a', 'b', 'c']) {
        expect(values.filter((v) => v.startsWith(prefix))).toEqual(
          Array.from({ length: 200 }, (_, i) => `${prefix}${i}`),
        );
      }
    });

    it('reads from an offset, up to a limit, and nothing past the end', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      await fill(log(), topic, 0, 50);
      await fill(log(), topic, 0, 50, 'b');
      expect((await log().read(topic, 0, 45, 10)).map((r) => r.offset)).toEqual([
        45, 46, 47, 48, 49, 50, 51, 52, 53, 54,
      ]);
      expect((await log().read(topic, 0, 98, 10)).map((r) => text(r.value))).toEqual(['b48', 'b49']);
      expect(await log().read(topic, 0, 100, 10)).toEqual([]);
    });

    it('takes an empty append', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      const producer = await log().producer();
      await producer.append(topic, []);
      await producer.close();
      expect(await log().offsets(topic)).toEqual([{ partition: 0, low: 0, high: 0 }]);
    });
  });
}

function topicConformance({ log }: SuiteContext): void {
  describe('topics', () => {
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => 'no error',
        (error: unknown) => (error instanceof PlumblineError ? error.code : String(error)),
      );

    it('creates a topic once and says when the partition count differs', SLOW, async () => {
      const topic = await topicOf(log(), 3);
      await log().createTopic(topic, { partitions: 3 });
      expect(await log().partitions(topic)).toBe(3);
      expect(await code(log().createTopic(topic, { partitions: 4 }))).toBe('topic-partitions');
    });

    it('names an unknown topic as such', SLOW, async () => {
      const topic = unique('missing');
      expect(await code(log().partitions(topic))).toBe('topic-unknown');
      expect(await code(log().offsets(topic))).toBe('topic-unknown');
      expect(await code(log().read(topic, 0, 0, 1))).toBe('topic-unknown');
      expect(await code(log().lag(topic, 'g'))).toBe('topic-unknown');
      expect(await code(log().subscribe({ topic, group: 'g' }, new Probe()))).toBe('topic-unknown');
      const producer = await log().producer();
      expect(await code(producer.append(topic, [{ key: bytes('k'), value: bytes('v') }]))).toBe('topic-unknown');
      await producer.close();
    });

    it('is healthy', SLOW, async () => {
      expect(await log().healthy()).toBe(true);
    });

    it('delivers headers, keys and timestamps to a consumer', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      const seen: unknown[] = [];
      const probe = new Probe({
        onBatch: (batch) => {
          for (let i = 0; i < batch.length; i++) {
            seen.push([
              text(batch.key(i)),
              batch.header(i, 'ce_type'),
              batch.header(i, 'other'),
              batch.topic === topic,
            ]);
            expect(Math.abs(batch.timestamp(i) - Date.now())).toBeLessThan(3_600_000);
          }
        },
      });
      const producer = await log().producer();
      await producer.append(topic, [
        { key: bytes('a'), value: bytes('1'), headers: { ce_type: 'pos.sale' } },
        { key: bytes('b'), value: bytes('2') },
      ]);
      await join(log(), { topic, group: unique('g') }, probe, 1);
      await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(2);
      expect(seen).toEqual([
        ['a', 'pos.sale', undefined, true],
        ['b', undefined, undefined, true],
      ]);
      await probe.consumer?.stop();
      await producer.close();
    });
  });
}

async function readAll(log: EventLog, topic: string, partition: number): Promise<string[]> {
  const values: string[] = [];
  for (let from = 0; ;) {
    const records = await log.read(topic, partition, from, 7_000);
    if (records.length === 0) return values;
    for (const record of records) values.push(text(record.value));
    from = records.at(-1)!.offset + 1;
  }
}
