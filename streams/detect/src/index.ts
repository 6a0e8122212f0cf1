export { DETECT_STREAM, DetectRunner, type DetectRunnerOptions, type RunnerLogger } from './runner.ts';
export { DetectPartition, type CompiledForDetect, type DetectOptions, type DetectOutput, type PlanSource, type Records } from './topology.ts';
export { StoredPlans } from './plans.ts';
