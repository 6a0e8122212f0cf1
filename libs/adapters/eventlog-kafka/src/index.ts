export { openKafkaLog } from './kafka-log.ts';
export type { KafkaLogOptions, LogLine } from './options.ts';
