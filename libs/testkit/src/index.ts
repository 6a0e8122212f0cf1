export { eventLogConformance, type EventLogConformanceOptions } from './eventlog-conformance.ts';
export {
  Probe,
  sleep,
  unique,
  until,
  type EventLogHarness,
  type ProbeOptions,
  type Received,
} from './eventlog-probe.ts';
export { javaAvailable, KAFKA_VERSION, startKafka, type KafkaOptions, type KafkaServer } from './kafka-server.ts';
export { timescaleInWasm, type TimescaleInWasm } from './pglite.ts';
export { testPostgres, type TestPostgres } from './postgres.ts';
export { storeConformance, type OpenStore } from './store-conformance.ts';
export type { StoreUnderTest } from './store-under-test.ts';
