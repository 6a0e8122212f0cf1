import type { InjectBody, InjectedCauseBody, Scope, SimulatorControl, SimulatorState } from '@plumbline/contracts';
import { formatInstant, HOUR_MS, PlumblineError } from '@plumbline/kernel';
import { decodePlan, type PlanVersion } from '@plumbline/plan';
import type { Cause, CauseKind, DemoStatus, InjectedCause } from '@plumbline/simulator';
import type { Plans } from './plans.ts';
import type { Source } from './source.ts';

/** The demo retailer as the tower hands it in. */
export interface DemoControls {
  readonly run: { readonly status: DemoStatus; setRate(rate: number): void; pause(): void; resume(): void };
  /** Makes something happen from now on, also after a restart. */
  inject(cause: Cause): Promise<InjectedCause>;
}

/** What each cause is unless said otherwise: hours of event time, factor, and what else belongs to it. */
const USUAL: Record<CauseKind, { hours: number; factor: number; more?: Pick<Cause, 'price' | 'unsent'> }> = {
  'family-surge': { hours: 60, factor: 1.8 },
  'region-drop': { hours: 62, factor: 0.6 },
  'store-silence': { hours: 6, factor: 1, more: { unsent: 'lost' } },
  'off-shelf': { hours: 144, factor: 0 },
  'price-mistake': { hours: 48, factor: 3, more: { price: 0.1 } },
  drift: { hours: 97, factor: 1.3 },
};

/** Controls of the demo retailer; every call refuses when the demo is off. */
export class Simulator {
  readonly #demo: DemoControls | undefined;
  readonly #source: Source;
  readonly #plans: Plans;

  constructor(demo: DemoControls | undefined, source: Source, plans: Plans) {
    this.#demo = demo;
    this.#source = source;
    this.#plans = plans;
  }

  /** @throws PlumblineError 'demo-off' */
  state(): SimulatorState {
    const { at, rate, paused, lines, causes } = this.#on().run.status;
    return { at: formatInstant(at), rate, paused, lines, causes: causes.map(bodyOf) };
  }

  /** @throws PlumblineError 'demo-off' */
  control({ rate, paused }: SimulatorControl): SimulatorState {
    const { run } = this.#on();
    if (rate !== undefined) run.setRate(rate);
    if (paused === true) run.pause();
    if (paused === false) run.resume();
    return this.state();
  }

  /** @throws PlumblineError 'demo-off', 'cause-invalid' */
  async inject({ cause: kind, target, hours, factor }: InjectBody): Promise<InjectedCauseBody> {
    const demo = this.#on();
    const usual = USUAL[kind];
    const { at, causes } = demo.run.status;
    const scope = target && Object.keys(target).length > 0 ? target : await this.#place(kind, causes.length);
    const from = at;
    const injected = await demo.inject({
      id: `I-${kind}-${formatInstant(from)}-${causes.length}`,
      kind,
      scope,
      from,
      to: from + Math.round((hours ?? usual.hours) * HOUR_MS),
      factor: factor ?? usual.factor,
      ...usual.more,
    });
    return bodyOf(injected);
  }

  #on(): DemoControls {
    if (this.#demo) return this.#demo;
    throw new PlumblineError('demo-off', 'The demo retailer is not running here.', { where: 'simulator', fix: 'Start the tower with PLUMBLINE_DEMO=on.' });
  }

  /** A place from the plan in force, another one each time. */
  async #place(kind: CauseKind, turn: number): Promise<Scope> {
    const inForce = await this.#plans.inForce();
    const stored = inForce && (await this.#source.store.plan(inForce.hash));
    if (!stored) throw new PlumblineError('cause-invalid', 'Nothing says where: no plan is in force yet.', { where: 'target', fix: 'Name a target.' });
    return placeFor(kind, decodePlan(stored.body), turn);
  }
}

function placeFor(kind: CauseKind, plan: PlanVersion, turn: number): Scope {
  const pick = <T>(items: readonly T[]): T => items[turn % items.length]!;
  const families = [...new Set(plan.lines.map((line) => line.family))];
  const regions = [...new Set(plan.lines.map((line) => line.region))];
  const split = pick(plan.splits);
  if (kind === 'family-surge') return { family: split.family, region: split.region };
  if (kind === 'region-drop') return { region: pick(regions) };
  if (kind === 'drift') return { family: pick(families) };
  if (kind === 'store-silence') return { location: pick(plan.locations).code };
  // What sells most is missed first. Shares compare within one family and region only, so one of those is chosen first.
  const leaves = split.leaves.toSorted((a, b) => b.weight * b.linesPerUnit - a.weight * a.linesPerUnit);
  const { sku, location } = leaves[turn % Math.min(5, leaves.length)]!;
  return kind === 'off-shelf' ? { sku, location } : { sku };
}

const bodyOf = ({ id, kind, scope, from, to, factor, expected }: InjectedCause): InjectedCauseBody => ({
  id,
  cause: kind,
  scope,
  from: formatInstant(from),
  to: formatInstant(to),
  factor,
  expected,
});
