// Lints the tree, then proves that the rules bite: each fixture, linted as if it stood in a pure library or in the
// dashboard, must be refused for each reason it was written for.
import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const mustOfPureCode = [
  ['no-restricted-imports', 'Pure code has no I/O'],
  ['no-restricted-imports', 'Imports point down only'],
  ['@nx/enforce-module-boundaries', '@plumbline/kernel'],
  ['no-restricted-globals', "'Date'"],
  ['no-restricted-globals', "'setTimeout'"],
  ['no-restricted-globals', "'process'"],
  ['no-restricted-properties', 'Math.random'],
  ['@typescript-eslint/no-explicit-any', 'any'],
];
const mustOfPages = [
  ['@typescript-eslint/no-restricted-imports', 'Import types only'],
  ['@nx/enforce-module-boundaries', 'layer:dashboard'],
];

process.env.NX_DAEMON = 'false';
await createProjectGraphAsync({ exitOnError: true });
const eslint = new ESLint({ cwd: root });
const results = await eslint.lintFiles(['apps', 'libs', 'streams', 'test', '*.mjs', '*.ts']);
const faults = results.reduce((sum, result) => sum + result.errorCount + result.warningCount, 0);
if (faults > 0) console.log((await eslint.loadFormatter('stylish')).format(results));

/** Rules that a fixture, linted as if it stood elsewhere, no longer breaks. */
async function toothlessOf(fixture, filePath, must) {
  const text = await readFile(resolve(root, 'test/lint-fixture', fixture), 'utf8');
  const messages = (await eslint.lintText(text, { filePath: resolve(root, filePath) })).flatMap((result) => result.messages);
  return must.filter(([rule, part]) => !messages.some((m) => m.ruleId === rule && m.message.includes(part)));
}
const toothless = [
  ...(await toothlessOf('impure.ts', 'libs/kernel/src/fixture.ts', mustOfPureCode)),
  ...(await toothlessOf('page.ts', 'apps/dashboard/src/fixture.ts', mustOfPages)),
];
const must = [...mustOfPureCode, ...mustOfPages];
for (const [rule, part] of toothless) console.log(`lint: ${rule} (${part}) no longer refuses test/lint-fixture`);

console.log(`lint: ${results.length} files, ${faults} faults; ${must.length - toothless.length} of ${must.length} rules bite`);
process.exit(faults + toothless.length > 0 ? 1 : 0);
