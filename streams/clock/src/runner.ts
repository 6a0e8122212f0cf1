import type { EventLog } from '@plumbline/ports';
import { Clock } from './topology.ts';

export interface ClockOptions {
  log: EventLog;
  topic: string;
  group: string;
  /** Milliseconds UTC: the wall clock, read here and nowhere further down. */
  now: () => number;
  signal: AbortSignal;
  /** While locations are heard from; default 500 ms, so that an exception is published within a second of its event. */
  everyMs?: number;
}

/**
 * Closes time on a live log: twice a second (once when nothing comes) a tick goes to every partition, naming the locations heard from. One such
 * process a topic. Resolves when the signal is aborted; rejects when the log refuses for good.
 */
export async function runClock({ log, topic, group, now, signal, everyMs = 500 }: ClockOptions): Promise<void> {
  const clock = new Clock();
  const partitions = await log.partitions(topic);
  const producer = await log.producer();
  const consumer = await log.subscribe(
    { topic, group },
    {
      async assigned(assigned) {
        const offsets = await log.offsets(topic);
        return new Map(assigned.map((partition) => [partition, offsets[partition]?.high]));
      },
      revoked: () => Promise.resolve(),
      batch(batch) {
        for (let i = 0; i < batch.length; i++) clock.hear(batch.value(i), (name) => batch.header(i, name));
        if (batch.length > 0) batch.acknowledge(batch.offset(batch.length - 1));
        return Promise.resolve();
      },
    },
  );
  try {
    while (!signal.aborted) {
      const at = Math.floor(now() / everyMs) * everyMs;
      const records = clock.tick(at, partitions);
      if (records.length > 0) await producer.append(topic, records);
      await pause(at + everyMs - now(), signal);
    }
  } finally {
    await consumer.stop();
    await producer.close();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(1, ms));
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
