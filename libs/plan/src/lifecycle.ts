import type { PlanVersionSummary } from '@plumbline/contracts';
import { PlumblineError } from '@plumbline/kernel';

export type PlanStatus = PlanVersionSummary['status'];
export type PlanAction = 'submit' | 'return' | 'recommend' | 'commit' | 'supersede';

/**
 *     draft ──submit──► in-review ──recommend──► recommended ──commit──► committed ──supersede──► superseded
 *       ▲                │   ▲                        │
 *       └────return──────┘   └────────return──────────┘
 *
 * A committed version never changes again: the only way on is to be superseded by the next.
 */
export const planTransitions: Readonly<Record<PlanStatus, Readonly<Partial<Record<PlanAction, PlanStatus>>>>> = {
  draft: { submit: 'in-review' },
  'in-review': { recommend: 'recommended', return: 'draft' },
  recommended: { commit: 'committed', return: 'in-review' },
  committed: { supersede: 'superseded' },
  superseded: {},
};

/** @throws PlumblineError 'plan-transition' when the table has no such step */
export function nextPlanStatus(from: PlanStatus, action: PlanAction): PlanStatus {
  const to = planTransitions[from][action];
  if (to !== undefined) return to;
  const legal = Object.keys(planTransitions[from]);
  throw new PlumblineError('plan-transition', `a plan version that is ${from} cannot ${action}`, {
    fix: legal.length === 0 ? 'Nothing follows this status.' : `From here: ${legal.join(', ')}.`,
  });
}

/** The actions still to take until a version is committed, in order; empty from `committed` on. */
export function actionsToCommit(from: PlanStatus): PlanAction[] {
  const forward: Partial<Record<PlanStatus, PlanAction>> = {
    draft: 'submit',
    'in-review': 'recommend',
    recommended: 'commit',
  };
  const actions: PlanAction[] = [];
  for (let status = from, action = forward[status]; action; action = forward[status]) {
    actions.push(action);
    status = nextPlanStatus(status, action);
  }
  return actions;
}
