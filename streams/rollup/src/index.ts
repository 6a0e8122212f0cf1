export { ROLLUP_PARTITION, ROLLUP_STREAM, startRollUp, type RollUpRunnerOptions, type RollUpTask } from './runner.ts';
export { plansOf, restore, Snapshots, type RollUpSnapshot } from './snapshot.ts';
export { RollUp, type RollUpOptions, type RollUpResult } from './topology.ts';
