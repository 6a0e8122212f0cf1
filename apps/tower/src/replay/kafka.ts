import { startKafka } from '@plumbline/testkit/kafka';

/** A broker of its own for an isolated replay without KAFKA_BROKERS: needs Java and Maven. */
export async function throwAwayKafka(): Promise<{ brokers: string; stop(): Promise<void> }> {
  const kafka = await startKafka();
  return { brokers: kafka.brokers.join(','), stop: () => kafka.stop() };
}
