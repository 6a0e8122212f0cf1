// The build: our TypeScript into dist/, the dashboard into dist/dashboard. Run by plumbline.mjs for what is older than its
// sources.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, NODE, say } from './bootstrap.mjs';

/** Process entries: the CLI (which holds the whole tower) and each stream as a process of its own. */
const ENTRIES = {
  plumbline: 'apps/tower/src/main.ts',
  api: 'apps/api/src/main.ts',
  detect: 'streams/detect/src/main.ts',
  rollup: 'streams/rollup/src/main.ts',
  archive: 'streams/archive/src/main.ts',
  clock: 'streams/clock/src/main.ts',
  demo: 'apps/tower/src/demo-main.ts',
};

/** What is built: from which sources, how, and the stamp that says when. */
const PARTS = [
  { name: 'programs', sources: ['apps/api', 'apps/simulator', 'apps/tower', 'libs', 'streams', 'package-lock.json', 'tsconfig.base.json'], stamp: '.built', make: programs },
  { name: 'dashboard', sources: ['apps/dashboard', 'libs/charts', 'libs/contracts', 'package-lock.json'], stamp: '.built-dashboard', make: dashboard },
];

/** @param only name of the one part that is wanted; default all */
export async function buildIfStale(root, only) {
  await make(root, PARTS.filter(({ name, sources, stamp }) => (only === undefined || only === name) && newest(root, sources) > builtAt(root, stamp)));
}

export async function build(root) {
  await make(root, PARTS);
}

async function make(root, parts) {
  if (parts.length === 0) return;
  const began = Date.now();
  say(`Building ${parts.map(({ name }) => name).join(' and ')} …`);
  await mkdir(join(root, 'dist'), { recursive: true });
  await Promise.all(
    parts.map(async ({ stamp, make }) => {
      await rm(join(root, 'dist', stamp), { force: true });
      await make(root);
      await writeFile(join(root, 'dist', stamp), '');
    }),
  );
  say(`Built in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}

async function programs(root) {
  const [esbuild, { bundleOptions }] = await Promise.all([import('esbuild'), import('./bundle.mjs')]);
  const entryPoints = Object.fromEntries(
    Object.entries(ENTRIES).filter(([, file]) => existsSync(join(root, file))).map(([name, file]) => [name, join(root, file)]),
  );
  // Shared chunks keep what a command does not need out of its start.
  await rm(join(root, 'dist', 'chunks'), { recursive: true, force: true });
  await esbuild.build({ ...bundleOptions(root), entryPoints, outdir: join(root, 'dist'), outExtension: { '.js': '.mjs' }, splitting: true, chunkNames: 'chunks/[name]-[hash]' });
}

/** Vite in a process of its own, under the Node that came with the dependencies; what it says is shown when it fails. */
async function dashboard(root) {
  const said = [];
  const vite = spawn(NODE, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'], {
    cwd: join(root, 'apps', 'dashboard'),
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [vite.stdout, vite.stderr]) stream.on('data', (chunk) => said.push(chunk));
  const code = await new Promise((resolve) => vite.on('exit', resolve));
  if (code !== 0) fail(`The dashboard could not be built:\n${Buffer.concat(said)}`, 'If a file was changed, mend it; otherwise remove node_modules and run this again.');
}

const builtAt = (root, stamp) => {
  const path = join(root, 'dist', stamp);
  return existsSync(path) ? statSync(path).mtimeMs : 0;
};

/** Newest modification time below some paths, tests left out. */
function newest(root, paths) {
  let latest = 0;
  const visit = (path) => {
    const stat = statSync(path);
    if (!stat.isDirectory()) {
      if (!path.endsWith('.test.ts')) latest = Math.max(latest, stat.mtimeMs);
      return;
    }
    for (const entry of readdirSync(path)) if (!['node_modules', 'dist', '.svelte-kit'].includes(entry)) visit(join(path, entry));
  };
  for (const path of paths) visit(join(root, path));
  return latest;
}
