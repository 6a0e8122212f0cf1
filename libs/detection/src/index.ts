export type * from './types.ts';
export type { SeriesBankOptions } from './bank-days.ts';
export {
  runDetector,
  type BacktestHour,
  type DetectorDay,
  type DetectorOptions,
  type DetectorRun,
} from './backtest-detector.ts';
export {
  CUSUM_RATIOS,
  dailyAlarms,
  dailyRules,
  ewma,
  EWMA_WEIGHT,
  monthToDate,
  nbCusum,
  shewhart,
  type BacktestDay,
  type DailyRule,
  type DailyRuleSeries,
} from './backtest-rules.ts';
export type { BankOptions } from './bank-pages.ts';
export { CANDIDATE, COUNTED, EARLY, LATE, SeriesBank, TOO_NEW, TOO_OLD } from './bank.ts';
export {
  benchCore,
  shopProfile,
  ShopExpectation,
  shopVolumes,
  type CoreBenchOptions,
  type CoreBenchResult,
} from './bench-core.ts';
export { allocateBudget, detectionDelay, informationPerDay, type BudgetRequest } from './budget.ts';
export { CLEAR_AT, cleared, clearingStep, openRatio } from './clearing.ts';
export { COLD_DAYS, sensedRatio, ZERO_RUN_HAZARD } from './day-step.ts';
export { changeUpTo, type Change, type EvidenceDay } from './evidence.ts';
export { gammaCdf, gammaQuantile } from './gamma.ts';
export {
  nbCdf,
  nbLnPmf,
  nbLoss,
  nbQuantile,
  poissonCdf,
  poissonLnPmf,
  poissonLoss,
  poissonQuantile,
  type Loss,
} from './negative-binomial.ts';
export {
  GAP_CLEAR,
  GAP_RAISE,
  gapProbability,
  projectEnd,
  projectionError,
  projectionWidth,
  ratioBelief,
  remainingDemand,
  stockOut,
  type Moments,
  type Projection,
  type RatioBelief,
  type StockOut,
} from './projection.ts';
export { priceStep, PROMISE_PRICE_ATOMS, promiseStep } from './promise-price.ts';
export { silenceStatistic } from './silence.ts';
export { lnGamma, normalQuantile } from './special-functions.ts';
export {
  glrNegativeBinomial,
  glrPoisson,
  nbCusumRunLength,
  nbCusumStep,
  poissonScan,
  type GlrChart,
} from './surveillance.ts';
