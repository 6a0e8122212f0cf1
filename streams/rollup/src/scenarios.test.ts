import { describe, expect, it } from 'vitest';
import { retailPlan, runStory, small, type Cause, type Outcome } from './test-driver.ts';

const plan = retailPlan(small);
/** Small enough that a false alarm in 30 days would be a fault. */
const BUDGET = 0.02;

const run = (days: number, causes: readonly Cause[]): Outcome => runStory(plan, days, causes, { budget: BUDGET, seed: 2 });

const told = ({ raised }: Outcome): string[] => raised.map((one) => `${one.kind} ${one.altitude} ${JSON.stringify(one.scope)} ${one.headline}`);

const family = (index: number) => (sku: number): boolean => plan.familyOfSku[sku] === index;
const region = (index: number) => (location: number): boolean => plan.regionOfLocation[location] === index;

describe('one cause, one exception', () => {
  it('nothing when all is as planned', () => {
    expect(told(run(30, []))).toEqual([]);
  });

  it('a family surges in a region', () => {
    const outcome = run(26, [{ from: 20, ratio: (sku, location) => (family(2)(sku) && region(1)(location) ? 2 : 1) }]);
    expect(outcome.raised).toHaveLength(1);
    expect(outcome.raised[0]).toMatchObject({ kind: 'demand-surge', altitude: 'family-region', scope: { family: 'Family 02', region: 'Region 1' } });
  });

  it('a store stops sending', () => {
    const outcome = run(26, [{ from: 20, to: 24, silent: 5 }]);
    expect(outcome.raised).toHaveLength(1);
    expect(outcome.raised[0]).toMatchObject({ kind: 'feed-silence', altitude: 'location', scope: { location: 'L05' }, status: 'cleared' });
  });

  it('a store sells a tenth', () => {
    const outcome = run(26, [{ from: 20, ratio: (_, location) => (location === 5 ? 0.1 : 1) }]);
    expect(outcome.raised).toHaveLength(1);
    expect(outcome.raised[0]).toMatchObject({ kind: 'demand-drop', altitude: 'location', scope: { location: 'L05' } });
  });

  it('a SKU trebles everywhere', () => {
    const outcome = run(26, [{ from: 20, ratio: (sku) => (sku === 9 ? 3 : 1) }]);
    expect(outcome.raised).toHaveLength(1);
    expect(outcome.raised[0]).toMatchObject({ kind: 'demand-surge', altitude: 'sku', scope: { sku: 'S0101' } });
  });

  it('a product is off the shelf in one store', () => {
    const outcome = run(28, [{ from: 20, ratio: (sku, location) => (sku === 9 && location === 3 ? 0 : 1) }]);
    expect(outcome.raised).toHaveLength(1);
    expect(outcome.raised[0]).toMatchObject({ kind: 'zero-run', altitude: 'leaf', scope: { sku: 'S0101', location: 'L03' } });
  });

  it('two causes at once', () => {
    const outcome = run(26, [
      { from: 20, ratio: (sku, location) => (family(2)(sku) && region(1)(location) ? 2 : 1) },
      { from: 20, ratio: (sku) => (sku === 9 ? 0.1 : 1) },
    ]);
    expect(outcome.raised.map(({ altitude }) => altitude).sort()).toEqual(['family-region', 'sku']);
  });
});
