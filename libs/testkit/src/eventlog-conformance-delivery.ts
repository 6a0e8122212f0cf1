import type { LogBatch } from '@plumbline/ports';
import { describe, expect, it } from 'vitest';
import {
  acknowledgeAll,
  bytes,
  fill,
  join,
  Probe,
  sleep,
  SLOW,
  type SuiteContext,
  topicOf,
  unique,
  until,
} from './eventlog-probe.ts';

/** Delivery to one member: where it starts, what is delivered again, pause, seek, back-pressure, orderly stop. */
export function deliveryConformance({ log }: SuiteContext): void {
  describe('delivery', () => {
    it('delivers everything once, in order, in batches no larger than asked for', SLOW, async () => {
      const topic = await topicOf(log(), 2);
      const early = [await fill(log(), topic, 0, 3_000, 'a'), await fill(log(), topic, 1, 2_000, 'b')];
      const probe = await join(log(), { topic, group: unique('g'), maxBatch: 500 }, new Probe(), 2);
      await until('the backlog', () => probe.values().length === 5_000);
      const late = await fill(log(), topic, 0, 700, 'c');
      await until('what came later', () => probe.values().length === 5_700);
      expect(probe.values(0)).toEqual([...early[0]!, ...late]);
      expect(probe.values(1)).toEqual(early[1]);
      expect(Math.max(...probe.deliveries.map((d) => d.length))).toBeLessThanOrEqual(500);
      expect(probe.consumer?.assignment().toSorted()).toEqual([0, 1]);
      await probe.consumer?.stop();
      expect(probe.consumer?.assignment()).toEqual([]);
      expect(probe.held.size).toBe(0);
      expect(probe.breaches).toEqual([]);
    });

    it('starts where `assigned` says, also inside a stored batch', SLOW, async () => {
      const topic = await topicOf(log(), 2);
      await fill(log(), topic, 0, 100);
      await fill(log(), topic, 1, 100);
      const probe = new Probe({ start: (partition) => (partition === 0 ? 37 : undefined) });
      await join(log(), { topic, group: unique('g') }, probe, 2);
      await until(
        'both partitions',
        () => probe.values().length === 163,
        () => probe.values().length,
      );
      expect(probe.offsets(0)[0]).toBe(37);
      expect(probe.offsets(1)[0]).toBe(0);
      await probe.consumer?.stop();
      expect(probe.breaches).toEqual([]);
    });

    it('goes on after the last acknowledged record, which may lie inside a batch', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      const group = unique('g');
      await fill(log(), topic, 0, 100);
      let done = 0;
      const first = new Probe({
        onBatch: (batch) => {
          for (let i = 0; i < batch.length; i++) if (batch.offset(i) <= 41) batch.acknowledge(batch.offset(i));
          done += batch.length;
        },
      });
      await join(log(), { topic, group }, first, 1);
      await until(
        'the first reader',
        () => done === 100,
        () => done,
      );
      await first.consumer?.stop();
      expect(await log().lag(topic, group)).toEqual([58]);
      const second = await join(log(), { topic, group }, new Probe(), 1);
      await until(
        'the second reader',
        () => second.values().length === 58,
        () => second.values().length,
      );
      expect(second.offsets(0)[0]).toBe(42);
      await second.consumer?.stop();
    });

    it('delivers a rejected batch again until it is taken, and loses no order', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      const values = await fill(log(), topic, 0, 60);
      let rejections = 0;
      const probe = new Probe({
        onBatch: (batch) => {
          if (batch.offset(batch.length - 1) >= 20 && rejections < 3) {
            rejections++;
            throw new Error('not now');
          }
          acknowledgeAll(batch);
        },
      });
      await join(log(), { topic, group: unique('g'), maxBatch: 25 }, probe, 1);
      await until(
        'everything after the rejections',
        () => probe.values().length === 60,
        () => probe.deliveries,
      );
      expect(rejections).toBe(3);
      expect(probe.values()).toEqual(values);
      const again = probe.deliveries.filter((d, i) => probe.deliveries.findIndex((e) => e.first === d.first) !== i);
      expect(again.length).toBeGreaterThanOrEqual(3);
      expect(probe.failure).toBeUndefined();
      await probe.consumer?.stop();
      expect(probe.breaches).toEqual([]);
    });

    it('holds back while a handler is busy: at most one batch per partition', SLOW, async () => {
      const topic = await topicOf(log(), 2);
      await fill(log(), topic, 0, 200);
      await fill(log(), topic, 1, 200);
      let release: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (release = resolve));
      const probe = new Probe({ onBatch: (batch) => gate.then(() => acknowledgeAll(batch)) });
      await join(log(), { topic, group: unique('g'), maxBatch: 10 }, probe, 2);
      await until('a batch in hand', () => probe.deliveries.length > 0);
      await sleep(700);
      const busy = probe.deliveries.map((d) => d.partition);
      expect(new Set(busy).size).toBe(busy.length);
      release();
      await until(
        'the rest',
        () => probe.values().length === 400,
        () => probe.values().length,
      );
      await probe.consumer?.stop();
      expect(probe.breaches).toEqual([]);
    });

    it('pauses and resumes a partition while the others go on', SLOW, async () => {
      const topic = await topicOf(log(), 2);
      const probe = await join(log(), { topic, group: unique('g') }, new Probe(), 2);
      probe.consumer?.pause([0]);
      await sleep(300);
      await fill(log(), topic, 0, 20);
      await fill(log(), topic, 1, 20);
      await until('partition 1', () => probe.values(1).length === 20);
      await sleep(500);
      expect(probe.values(0)).toEqual([]);
      probe.consumer?.resume([0]);
      await until('partition 0 after resume', () => probe.values(0).length === 20);
      await probe.consumer?.stop();
      expect(probe.breaches).toEqual([]);
    });

    it('pauses from inside the handler: no further batch, nothing lost', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      let paused = false;
      const probe = new Probe({
        onBatch: (batch, self) => {
          acknowledgeAll(batch);
          if (!paused) self.consumer?.pause([0]);
          paused = true;
        },
      });
      await join(log(), { topic, group: unique('g'), maxBatch: 10 }, probe, 1);
      const values = await fill(log(), topic, 0, 100);
      await until('the first batch', () => paused);
      await sleep(600);
      expect(probe.deliveries.length).toBe(1);
      probe.consumer?.resume([0]);
      await until('the rest', () => probe.values().length === 100);
      expect(probe.values()).toEqual(values);
      await probe.consumer?.stop();
    });

    it('seeks back and forth', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      await fill(log(), topic, 0, 100);
      const probe = await join(log(), { topic, group: unique('g') }, new Probe(), 1);
      await until('all', () => probe.values().length === 100);
      probe.consumer?.seek(0, 90);
      await until(
        'the last ten again',
        () => probe.values().length === 110,
        () => probe.values().length,
      );
      expect(probe.offsets(0).slice(100)).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
      probe.consumer?.pause([0]);
      await sleep(300);
      await fill(log(), topic, 0, 60, 'b');
      probe.consumer?.seek(0, 150);
      probe.consumer?.resume([0]);
      await until(
        'from 150 on',
        () => probe.values().length === 120,
        () => probe.values().length,
      );
      expect(probe.offsets(0)[110]).toBe(150);
      await probe.consumer?.stop();
    });

    it('seeks from inside the handler: the next batch starts there', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      let once = false;
      const probe = new Probe({
        onBatch: (batch: LogBatch, self) => {
          if (!once && batch.offset(batch.length - 1) === 49) {
            once = true;
            self.consumer?.seek(0, 5);
          }
        },
      });
      await join(log(), { topic, group: unique('g') }, probe, 1);
      await fill(log(), topic, 0, 50);
      await until(
        'the second pass',
        () => probe.values().length === 95,
        () => probe.deliveries,
      );
      expect(probe.offsets(0)[50]).toBe(5);
      await probe.consumer?.stop();
    });

    it('an orderly stop lets the running handler finish and keeps its acknowledgement', SLOW, async () => {
      const topic = await topicOf(log(), 1);
      const group = unique('g');
      await fill(log(), topic, 0, 30);
      let finished = 0;
      const probe = new Probe({
        onBatch: async (batch) => {
          await sleep(600);
          acknowledgeAll(batch);
          finished += batch.length;
        },
      });
      await join(log(), { topic, group }, probe, 1);
      await until('a batch under way', () => probe.running.size === 1);
      await probe.consumer?.stop();
      expect(probe.running.size).toBe(0);
      expect(finished).toBeGreaterThan(0);
      expect(await log().lag(topic, group)).toEqual([30 - finished]);
      expect(probe.breaches).toEqual([]);
      const producer = await log().producer();
      await producer.append(topic, [{ key: bytes('k'), value: bytes('end') }]);
      await producer.close();
      const next = await join(log(), { topic, group }, new Probe(), 1);
      await until(
        'only what is new',
        () => next.values().at(-1) === 'end',
        () => next.values(),
      );
      expect(next.offsets(0)[0]).toBe(finished);
      await next.consumer?.stop();
    });
  });
}
