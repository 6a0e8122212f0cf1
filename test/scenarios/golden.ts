import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';

const folder = join(dirname(createRequire(import.meta.url).resolve('@plumbline/kernel/package.json')), '../../test/scenarios');

/**
 * Holds what a scenario said to what was accepted before. `ACCEPT=1` accepts what it says now: look at the difference
 * in version control before you commit it.
 */
export function expectGolden(scenario: string, said: readonly object[]): void {
  const file = join(folder, `${scenario}.golden.json`);
  const text = `[\n${said.map((line) => `  ${JSON.stringify(line)}`).join(',\n')}\n]\n`;
  if (process.env.ACCEPT === '1') writeFileSync(file, text);
  const golden = existsSync(file) ? readFileSync(file, 'utf8') : '';
  expect(text.split('\n'), `differs from ${scenario}.golden.json; run the test with ACCEPT=1 if it is meant to`).toEqual(golden.split('\n'));
}
