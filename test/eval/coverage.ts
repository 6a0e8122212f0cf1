import { projectEnd, ratioBelief } from '@plumbline/detection';
import { Random } from '@plumbline/kernel';
import { number, within, type Section } from './report.ts';

const LEVELS = [0.5, 3, 15, 80];
const ALPHA = 0.08;
const MONTH = 30;
const DAYS = [4, 10, 14, 21];
/** Plan error of the simulated retailer. */
const CV = 0.3;

/** How often a month's end lies between p10 and p90 of the projection made on some day of it. */
export function evaluateCoverage(series: number): Section {
  const rows: string[][] = [];
  let inside = 0;
  let all = 0;
  for (const level of LEVELS) {
    const hits = DAYS.map(() => 0);
    const random = new Random(9000 + level * 10);
    for (let s = 0; s < series; s++) {
      const theta = random.gamma(1 / (CV * CV), CV * CV);
      const lines = Array.from({ length: MONTH }, () => random.negativeBinomial(level * theta, ALPHA));
      const end = lines.reduce((a, b) => a + b, 0);
      DAYS.forEach((day, i) => {
        const seen = lines.slice(0, day).reduce((a, b) => a + b, 0);
        const phi = 1 + ALPHA * level;
        const { p10, p90 } = projectEnd(seen, ratioBelief(CV, seen, level * day, phi), level * (MONTH - day), phi);
        if (end >= p10 && end <= p90) hits[i]!++;
      });
    }
    inside += hits.reduce((a, b) => a + b, 0);
    all += series * DAYS.length;
    rows.push([`${level} lines a day`, ...hits.map((hit) => number(hit / series, 3))]);
  }
  const table = {
    title: `Share of months whose end lies within p10–p90 of D2's projection (plan error cv ${CV})`,
    columns: ['projected on day', ...DAYS.map(String)],
    rows,
    note: 'Plan error and dispersion are as D2 is told. Counts are whole: at few lines the interval holds more than 80 %.',
  };
  return {
    tables: [table],
    targets: [within('p10–p90 coverage of the projection, simulated', inside / all, 0.78, 0.86)],
  };
}
