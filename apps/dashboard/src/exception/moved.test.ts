import type { Attribution } from '@plumbline/contracts';
import { expect, it } from 'vitest';
import { movedSentence } from './moved.ts';

const parts = (...shares: number[]): Attribution[] => shares.map((share, index) => ({ scope: {}, label: `S${index + 1}`, variance: -100 * share, share }));
const tell = (attribution: Attribution[], altitude: 'leaf' | 'region' = 'region'): string =>
  movedSentence({ attribution, altitude, ratio: 0.62, expected: '665', actual: '412' });

it('names the one part that explains most', () => {
  expect(tell(parts(0.71, 0.2, 0.09))).toBe('S1 alone explains 71\u202f% of it. It runs at 0.62 of plan. The other 2 share the rest.');
});

it('names the few that explain it together', () => {
  expect(tell(parts(0.45, 0.4, 0.05, 0.05, 0.05))).toContain('S1 and S2 together explain 85\u202f% of it.');
});

it('says so where it is spread', () => {
  expect(tell(parts(0.2, 0.2, 0.2, 0.2, 0.1, 0.1))).toContain('It is spread');
});

it('names who runs the other way', () => {
  expect(tell(parts(1.3, -0.3))).toContain('S2 runs the other way.');
});

it('says that there is nothing below one product in one place', () => {
  expect(tell([], 'leaf')).toContain('nothing below it');
});
