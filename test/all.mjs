// The steps of `npm test`, each with its time. A failing step does not hide the next one's result.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const bin = (name) => join(root, 'node_modules', ...name);
const scratch = mkdtempSync(join(tmpdir(), 'plumbline-test-'));
const report = join(scratch, 'vitest.json');
const filters = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;

function step(name, file, args) {
  const began = Date.now();
  console.log(`\n── ${name}`);
  const run = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  console.log(`── ${name}: ${run.status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - began) / 1000).toFixed(0)} s`);
  return run.status === 0;
}

if (filters.length === 0) {
  for (const [name, file, args] of [
    ['lint and import rule', join(root, 'test', 'lint.mjs'), []],
    ['types', bin(['typescript', 'bin', 'tsc']), ['--noEmit', '-p', 'tsconfig.base.json']],
    ['build', join(root, 'test', 'build.mjs'), []],
    ['types of the dashboard', bin(['svelte-check', 'bin', 'svelte-check']), ['--workspace', 'apps/dashboard', '--tsconfig', './tsconfig.json', '--fail-on-warnings']],
  ]) {
    if (step(name, file, args)) passed++;
    else failed++;
  }
}
const ok = step('tests', bin(['vitest', 'vitest.mjs']), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...filters]);
try {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  passed += result.numPassedTests;
  failed += result.numFailedTests;
  skipped += result.numPendingTests;
  const brokenSuites = result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed'));
  failed += brokenSuites.length;
  for (const file of result.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'pending' || test.status === 'skipped') console.log(`skipped: ${test.fullName}`);
    }
  }
  if (!ok && failed === 0) failed++;
} catch {
  failed++;
}
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);
