import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeAtoms, DROP, edgeOf, liveStatistic, SURGE, surgeBound } from './e-detector.ts';
import { nbLnPmf } from './negative-binomial.ts';

const atoms = fc
  .array(fc.float({ min: 0, max: 1e4, noNaN: true }), { minLength: 10, maxLength: 10 })
  .map((m) => Float32Array.from(m));
const expected = fc.double({ min: 0.01, max: 500, noNaN: true });
const size = fc.double({ min: 0.3, max: 1e3, noNaN: true });
const direction = fc.constantFrom(SURGE, DROP);

describe('the e-detector', () => {
  it('is the mixture of NB likelihood ratios against the edge of the dead band', () => {
    const ratios = { [SURGE]: [1.25, 1.5, 2, 3, 5], [DROP]: [0.8, 0.6, 0.4, 0.2, 0.02] };
    fc.assert(
      fc.property(expected, size, fc.nat(300), direction, (m, k, lines, towards) => {
        const theta0 = edgeOf(towards, 0.25);
        const exact = ratios[towards]!.map((r) =>
          Math.exp(nbLnPmf(lines, k, r * theta0 * m) - nbLnPmf(lines, k, theta0 * m)),
        );
        const mean = exact.reduce((a, b) => a + b) / 5;
        expect(liveStatistic(new Float32Array(10), towards, theta0 * m, lines, k) / mean).toBeCloseTo(1, 8);
        expect(closeAtoms(new Float32Array(10), towards, theta0 * m, lines, k) / mean).toBeCloseTo(1, 8);
      }),
    );
  });

  it('has expectation at most 1 + M inside the dead band', () => {
    for (const [towards, theta] of [
      [SURGE, 1.25],
      [SURGE, 1],
      [DROP, 0.75],
      [DROP, 1.2],
    ] as const) {
      const [mean, k] = [12, 4];
      let expectation = 0;
      for (let lines = 0; lines < 2000; lines++) {
        const statistic = liveStatistic(new Float32Array(10).fill(3), towards, edgeOf(towards, 0.25) * mean, lines, k);
        expectation += Math.exp(nbLnPmf(lines, k, theta * mean)) * statistic;
      }
      expect(expectation).toBeLessThan(4 + 1e-9);
    }
  });

  it('finds the smallest count that alarms, and it only rises as the day goes on', () => {
    fc.assert(
      fc.property(atoms, expected, size, fc.double({ min: 1, max: 15, noNaN: true }), (m, x, k, lnThreshold) => {
        const bound = surgeBound(m, x, k, lnThreshold, 65_535);
        const reaches = (lines: number): boolean =>
          Math.log(liveStatistic(m, SURGE, x, lines, k)) >= lnThreshold - 1e-9;
        if (bound < 65_535) expect(reaches(bound)).toBe(true);
        if (bound > 0) expect(Math.log(liveStatistic(m, SURGE, x, bound - 1, k))).toBeLessThan(lnThreshold + 1e-9);
        expect(surgeBound(m, x * 1.2, k, lnThreshold, 65_535)).toBeGreaterThanOrEqual(bound);
      }),
    );
  });
});
