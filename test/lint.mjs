// Lints the tree, then proves that the rules bite: the fixture, linted as if it stood in a pure library, must be
// refused for each reason it was written for.
import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const must = [
  ['no-restricted-imports', 'Pure code has no I/O'],
  ['no-restricted-imports', 'Imports point down only'],
  ['@nx/enforce-module-boundaries', '@plumbline/kernel'],
  ['no-restricted-globals', "'Date'"],
  ['no-restricted-globals', "'setTimeout'"],
  ['no-restricted-globals', "'process'"],
  ['no-restricted-properties', 'Math.random'],
  ['@typescript-eslint/no-explicit-any', 'any'],
];

process.env.NX_DAEMON = 'false';
await createProjectGraphAsync({ exitOnError: true });
const eslint = new ESLint({ cwd: root });
const results = await eslint.lintFiles(['apps', 'libs', 'streams', 'test', '*.mjs', '*.ts']);
const faults = results.reduce((sum, result) => sum + result.errorCount + result.warningCount, 0);
if (faults > 0) console.log((await eslint.loadFormatter('stylish')).format(results));

const fixture = await readFile(resolve(root, 'test/lint-fixture/impure.ts'), 'utf8');
const refused = await eslint.lintText(fixture, { filePath: resolve(root, 'libs/kernel/src/fixture.ts') });
const messages = refused.flatMap((result) => result.messages);
const toothless = must.filter(([rule, part]) => !messages.some((m) => m.ruleId === rule && m.message.includes(part)));
for (const [rule, part] of toothless) console.log(`lint: ${rule} (${part}) no longer refuses test/lint-fixture`);

console.log(`lint: ${results.length} files, ${faults} faults; ${must.length - toothless.length} of ${must.length} rules bite`);
process.exit(faults + toothless.length > 0 ? 1 : 0);
