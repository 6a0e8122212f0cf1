export { runClock, type ClockOptions } from './runner.ts';
export { Clock } from './topology.ts';
