export { attribute, type Part } from './attribution.ts';
export { deadBands, nodesOf, thresholds, watchedAltitudes, type Thresholds, type WatchedAltitude } from './budget-plan.ts';
export {
  accountsFor,
  applyCause,
  bestWindow,
  directionOf,
  findCauses,
  logRatio,
  ownRatio,
  sameNode,
  type AlphaOf,
  type Cause,
  type Direction,
  type Fired,
} from './explain.ts';
export { Feeds, heardOf, SILENCE_THRESHOLD, type Silence } from './feeds.ts';
export { duration, headline, money, recommendedActions, subject, type Telling } from './headline.ts';
export {
  applyAction,
  applyCommand,
  isLive,
  lifecycle,
  raised,
  UNDO_MS,
  type Action,
  type LifecycleStanding,
  type LifecycleState,
  type Outcome,
  type Refusal,
  type Rule,
  type Step,
  type Undoable,
} from './lifecycle.ts';
export {
  contains,
  familyNode,
  familyRegionNode,
  leafNode,
  locationNode,
  nodeKey,
  nodeOf,
  overlaps,
  Places,
  regionNode,
  scopeOf,
  skuNode,
  skuRegionNode,
  totalNode,
  type Node,
} from './nodes.ts';
export { LEAST_RATIO, Picture, type Daily, type SkuPicture } from './picture.ts';
export {
  decimalMoney,
  decimalQuantity,
  HAZARD,
  horizonEnd,
  priorityOf,
  probabilityOf,
  ratioRange,
  rounded,
  valueAtRisk,
} from './value.ts';
