export { benchWorkload, type BenchOptions, type BenchWorkload } from './bench-workload.ts';
export {
  altitudeOf,
  causeKinds,
  demoSchedule,
  expectedOf,
  ROUND_MS,
  type Cause,
  type CauseKind,
  type InjectedCause,
} from './causes.ts';
export { DEMO_DIRT, drawDay, type Dirt } from './demand.ts';
export { CLOCK_SOURCE, sourceOf } from './encode.ts';
export { DemoFeed, type FeedCounts, type FeedOptions } from './feed.ts';
export { DemoRun, runDemo, type DemoRunOptions, type DemoStatus } from './pace.ts';
export { demoPlan, type DemoPlanOptions } from './plan.ts';
export { makeRetailer, type Profile, type Promotion, type Retailer, type RetailerOptions } from './retailer.ts';
export { Sends } from './sends.ts';
