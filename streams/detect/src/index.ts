export { DETECT_STREAM, DetectRunner, type DetectRunnerOptions, type RunnerLogger } from './runner.ts';
export type { CompiledForDetect, DetectOptions, PlanSource, Records } from './partition.ts';
export { DetectPartition, type DetectOutput } from './topology.ts';
export { StoredPlans } from './plans.ts';
