// npm run eval: how well the tower sees, against the targets and against what it replaces.
import { PlumblineError } from '@plumbline/kernel';
import { parseArgs } from 'node:util';
import { evaluateCoverage } from './coverage.ts';
import { evaluateLeaves, FULL, QUICK } from './leaf.ts';
import { evaluateReal } from './real.ts';
import { evaluateRollUp, FULL_TOWER, QUICK_TOWER } from './roll-up.ts';
import { render, renderTargets, type Section } from './report.ts';

const USAGE = `usage: npm run eval -- [--quick] [--json] [--data FILE]
  --quick      small samples, within half a minute
  --json       prints {"targets": [{name, value, target, met}]}
  --data FILE  also runs on real lines (online_retail.csv or .csv.gz) with injected causes`;

const OPTIONS = {
  quick: { type: 'boolean' },
  json: { type: 'boolean' },
  data: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;
const print = (text: string): void => void process.stdout.write(`${text}\n`);

type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

try {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) print(USAGE);
  else await main(values).catch(fail);
} catch (error) {
  process.stderr.write(`eval: ${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
  process.exitCode = 2;
}

/** A missed target is a finding, not a failure: the exit code is 0 whenever everything could be measured. */
async function main(values: Options): Promise<void> {
  const started = performance.now();
  const progress = (step: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${step} …`);
  };
  const sections: Section[] = [evaluateLeaves(values.quick ? QUICK : FULL, progress)];
  progress('coverage of projections');
  sections.push(evaluateCoverage(values.quick ? 300 : 2000));
  sections.push(await evaluateRollUp(values.quick ? QUICK_TOWER : FULL_TOWER, progress));
  if (values.data) sections.push(await evaluateReal(values.data, values.quick ? 150 : 1200, progress));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const targets = sections.flatMap((section) => section.targets);
  if (values.json) {
    print(JSON.stringify({ targets }, undefined, 2));
    return;
  }
  for (const table of sections.flatMap((section) => section.tables)) print(`${render(table)}\n`);
  print(renderTargets(targets));
  const seconds = Math.round((performance.now() - started) / 1000);
  print(
    `\n${values.quick ? 'Quick run: small samples, a guide and no verdict' : 'Full run'}, ${seconds} s, fixed seeds.`,
  );
}

function fail(error: unknown): void {
  const fix = error instanceof PlumblineError && error.fix ? ` ${error.fix}` : '';
  process.stderr.write(`eval: ${error instanceof Error ? error.message : String(error)}.${fix}\n`);
  process.exitCode = 1;
}
