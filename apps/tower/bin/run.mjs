// Runs a TypeScript entry of this workspace: bundles our own code (npm packages stay outside) and starts it.
// Usage: node apps/tower/bin/run.mjs ENTRY.ts [arguments…]
import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const [entry, ...rest] = process.argv.slice(2);
if (!entry) {
  console.error('usage: run.mjs ENTRY.ts [arguments…]');
  process.exit(2);
}
const out = join(root, 'dist', 'run', `${entry.replaceAll(/[^A-Za-z0-9]+/g, '-')}-${process.pid}.mjs`);
const { bundleOptions } = await import('./bundle.mjs');
await build({ ...bundleOptions(root), entryPoints: [resolve(entry)], outfile: out });
const child = spawn(process.execPath, ['--enable-source-maps', '--expose-gc', out, ...rest], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', async (code, signal) => {
  const { rm } = await import('node:fs/promises');
  await rm(out, { force: true });
  process.exit(signal ? 1 : (code ?? 1));
});
