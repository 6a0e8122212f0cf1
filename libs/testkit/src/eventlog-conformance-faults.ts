import { describe, expect, it } from 'vitest';
import { bytes, fill, join, Probe, sleep, SLOW, type SuiteContext, topicOf, unique, until } from './eventlog-probe.ts';

/** A broker that goes away and comes back, and a full retention window. */
export function faultConformance({ open }: SuiteContext): void {
  describe('faults', () => {
    it(
      'a log that goes away and comes back: consumers go on by themselves, nothing acknowledged as appended is lost',
      SLOW,
      async () => {
        const harness = await open();
        const { log } = harness;
        if (!harness.breakConnection || !harness.restore) return harness.close();
        const topic = await topicOf(log, 2);
        const appended = new Set(await fill(log, topic, 0, 100));
        const probe = await join(log, { topic, group: unique('g'), maxBatch: 20 }, new Probe(), 2);
        await until('the first hundred', () => probe.values().length === 100);
        const producer = await log.producer();
        await harness.breakConnection();
        await until('healthy to say no', async () => !(await log.healthy()));
        const during = producer.append(topic, [{ key: bytes('k'), value: bytes('during'), partition: 0 }]).then(
          () => appended.add('during'),
          () => undefined,
        );
        await sleep(500);
        await harness.restore();
        await until('healthy to say yes', () => log.healthy());
        await during;
        await untilAppended(() => producer.append(topic, [{ key: bytes('k'), value: bytes('after'), partition: 0 }]));
        appended.add('after');
        await until(
          'everything appended to arrive',
          () => contains(probe.values(), appended),
          () => probe.values().slice(100),
        );
        expect(probe.failure).toBeUndefined();
        await producer.close();
        await probe.consumer?.stop();
        await harness.close();
      },
    );

    it('records past their retention go: `low` rises, a reader that was behind goes on at `low`', SLOW, async () => {
      const harness = await open();
      const { log } = harness;
      const topic = await topicOf(log, 1, 1_000);
      const group = unique('g');
      await fill(log, topic, 0, 10);
      const early = new Probe({ onBatch: (batch) => batch.acknowledge(2) });
      await join(log, { topic, group }, early, 1);
      await until('the early reader', () => early.values().length === 10);
      await early.consumer?.stop();
      await sleep(1_500);
      await harness.enforceRetention?.(topic);
      await until('low to rise', async () => (await log.offsets(topic))[0]!.low === 10, undefined, 90_000);
      expect((await log.offsets(topic))[0]).toEqual({ partition: 0, low: 10, high: 10 });
      expect(await log.lag(topic, group)).toEqual([0]);

      const behind = await join(log, { topic, group }, new Probe({ name: 'behind' }), 1);
      const atZero = await join(log, { topic, group: unique('g') }, new Probe({ name: 'zero', start: () => 0 }), 1);
      await until('both to get what is new', async () => {
        await fill(log, topic, 0, 1, 'new');
        await sleep(100);
        return behind.values().length > 0 && atZero.values().length > 0;
      });
      expect(behind.offsets(0)[0]).toBeGreaterThanOrEqual(10);
      expect(atZero.offsets(0)[0]).toBeGreaterThanOrEqual(10);
      expect([behind.failure, atZero.failure]).toEqual([undefined, undefined]);
      await behind.consumer?.stop();
      await atZero.consumer?.stop();
      await harness.close();
    });
  });
}

async function untilAppended(append: () => Promise<void>): Promise<void> {
  await until('an append to succeed', () =>
    append().then(
      () => true,
      () => false,
    ),
  );
}

function contains(values: readonly string[], wanted: ReadonlySet<string>): boolean {
  const have = new Set(values);
  return [...wanted].every((value) => have.has(value));
}
