import { describe, expect, it } from 'vitest';
import golden from './golden/golden_surveillance.json' with { type: 'json' };
import { gammaCdf, gammaQuantile } from './gamma.ts';
import {
  nbCdf,
  nbLnPmf,
  nbLoss,
  nbQuantile,
  poissonCdf,
  poissonLnPmf,
  poissonLoss,
  poissonQuantile,
} from './negative-binomial.ts';
import { lnGamma, normalQuantile } from './special-functions.ts';
import { glrNegativeBinomial, glrPoisson, nbCusumRunLength, nbCusumStep, poissonScan } from './surveillance.ts';

const worst = (ours: readonly number[], theirs: readonly number[]): number =>
  ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);
const significant = (value: number, digits: number): number => Number(value.toPrecision(digits));

describe('R surveillance', () => {
  it('NB likelihood-ratio CUSUM, to 1e-12', () => {
    let s = 0;
    const ours = golden.x.map((x, t) => (s = nbCusumStep(s, x, golden.mu0[t]!, golden.alpha, Math.log(2))));
    expect(ours).toHaveLength(120);
    expect(worst(ours, golden.lr_theta_log2)).toBeLessThan(1e-12);
  });

  it('NB GLR, to 1e-9, with its one alarm', () => {
    const ours = glrNegativeBinomial(golden.x, golden.mu0, golden.alpha, 5);
    expect(worst(ours.statistics, golden.glrnb)).toBeLessThan(1e-9);
    expect(ours.alarms.map((t) => t + 1)).toEqual([114]);
  });

  it('Poisson GLR, to 1e-9, with its six alarms', () => {
    const ours = glrPoisson(golden.x, golden.mu0, 5);
    expect(worst(ours.statistics, golden.glrpois)).toBeLessThan(1e-9);
    expect(ours.alarms.map((t) => t + 1)).toEqual([6, 65, 103, 107, 108, 114]);
  });

  it.each([
    [3, 171.1, 6.644],
    [4, 481.1, 8.497],
    [5, 1330, 10.38],
    [6, 3666, 12.28],
  ])('NB CUSUM run length at h = %d', (h, inControl, outOfControl) => {
    const chart = { mu0: 10, alpha: 0.5, factor: 2 };
    expect(significant(nbCusumRunLength({ ...chart, mean: 10 }, h), 4)).toBe(inControl);
    expect(significant(nbCusumRunLength({ ...chart, mean: 20 }, h), 4)).toBe(outOfControl);
  });
});

describe('distributions', () => {
  it('NB cdf and quantiles as R', () => {
    const cdf = [0, 5, 10, 40].map((x) => Number(nbCdf(x, 3, 10).toFixed(7)));
    expect(cdf).toEqual([0.0122895, 0.2742703, 0.6064384, 0.9988007]);
    expect([0.1, 0.5, 0.9].map((p) => nbQuantile(p, 3, 10))).toEqual([3, 9, 19]);
  });

  it('a cdf is the sum of its pmf, and quantiles invert it', () => {
    for (const [k, mean] of [
      [0.3, 2],
      [5, 40],
      [1e4, 300],
      [Infinity, 7],
    ] as const) {
      let sum = 0;
      for (let x = 0; x < 400; x++) {
        sum += Math.exp(nbLnPmf(x, k, mean));
        expect(nbCdf(x, k, mean)).toBeCloseTo(sum, 9);
        if (sum < 1 - 1e-7) expect(nbQuantile(nbCdf(x, k, mean), k, mean)).toBe(x);
      }
    }
    expect(poissonCdf(3, 0)).toBe(1);
    expect(Math.exp(poissonLnPmf(0, 0))).toBe(1);
    expect(poissonQuantile(0.5, 1e6)).toBeGreaterThan(999_000);
  });

  it('log-gamma, gamma and normal quantiles', () => {
    let factorial = 0;
    for (let n = 1; n < 200; n++) {
      expect(Math.abs(lnGamma(n) - factorial)).toBeLessThan(1e-13 * Math.max(1, factorial));
      factorial += Math.log(n);
    }
    expect(lnGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 14);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 8);
    for (const shape of [0.05, 0.7, 3, 250, 1e5]) {
      for (const p of [1e-6, 0.1, 0.5, 0.9, 0.9999]) {
        expect(gammaCdf(gammaQuantile(p, shape, 2.5), shape, 2.5)).toBeCloseTo(p, 9);
      }
    }
  });
});

describe('loss functions as stockpyl', () => {
  it('Poisson', () => {
    const { shortage, surplus } = poissonLoss(220, 200);
    expect(Math.abs(shortage - 0.536005857)).toBeLessThan(1e-9);
    expect(Math.abs(surplus - 20.536005857)).toBeLessThan(1e-9);
  });

  it('negative binomial, given by mean and standard deviation', () => {
    const mean = 70 / 3;
    const k = mean ** 2 / (70 / 0.9 - mean);
    expect(Math.sqrt(mean + mean ** 2 / k)).toBeCloseTo(8.819171, 6);
    const { shortage, surplus } = nbLoss(14, k, mean);
    expect(Number(surplus.toFixed(6))).toBe(0.406758);
    expect(shortage - surplus).toBeCloseTo(mean - 14, 12);
    // stockpyl sums the shortage up to a demand of 99, which is 3e-6 short of the whole.
    let summed = 0;
    for (let x = 14; x < 100; x++) summed += (x - 14) * Math.exp(nbLnPmf(x, k, mean));
    expect(Number(summed.toFixed(6))).toBe(9.740089);
    expect(Math.abs(shortage - 9.740089)).toBeLessThan(4e-6);
  });
});

it('expectation-based Poisson scan as scanstatistics', () => {
  const zones = [poissonScan(1, 0.5), poissonScan(0, 2), poissonScan(1, 2.5)];
  expect(zones.map((zone) => zone.relativeRisk)).toEqual([2, 1, 1]);
  expect(zones.map((zone) => Number(zone.score.toFixed(4)))).toEqual([0.1931, 0, 0]);
});
