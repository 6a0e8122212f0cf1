export type * from './types.ts';
export { buildVersion, type BuildLocation, type BuildOptions, type BuildProduct, type BuildProfile } from './build.ts';
export { compileEncoded, CompiledPlan, compilePlan } from './compile.ts';
export { derivePlan, type DeriveOptions, type DerivedPlan } from './derive.ts';
export {
  SalesHistoryBuilder,
  type DailySales,
  type HistoryCatalogue,
  type HistoryTables,
  type HourlyLines,
  type SalesHistory,
} from './history.ts';
export { diffPlans, type PlanDiff, type PlanLineChange } from './diff.ts';
export { againVersion, extendVersion, type Extended, type ExtendFault } from './extend.ts';
export { editDistance, likest, type Likeness } from './likeness.ts';
export { type ImportFault, type ImportFaultCode } from './csv.ts';
export { parsePlanCsv, type PlanCatalogue, type PlanFiles, type PlanImport } from './import.ts';
export { actionsToCommit, nextPlanStatus, planTransitions, type PlanAction, type PlanStatus } from './lifecycle.ts';
export { NODES_PER_CELL, PlanNodes, type NodeAltitude, type PlanNode } from './nodes.ts';
export { assertValid, validateVersion, type VersionFault, type VersionFaultCode } from './validate.ts';
export { decodePlan, encodePlan, hashPlan, summarise, type PlanStanding } from './version.ts';
