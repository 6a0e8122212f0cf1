// The build: our TypeScript into dist/. Run by plumbline.mjs when a source is newer than the last build.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { say } from './bootstrap.mjs';

/** Process entries: the CLI (which holds the whole tower) and each stream as a process of its own. */
const ENTRIES = {
  plumbline: 'apps/tower/src/main.ts',
  api: 'apps/api/src/main.ts',
  detect: 'streams/detect/src/main.ts',
  rollup: 'streams/rollup/src/main.ts',
  archive: 'streams/archive/src/main.ts',
  clock: 'streams/clock/src/main.ts',
};

export async function buildIfStale(root) {
  const stamp = join(root, 'dist', '.built');
  const built = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  if (newest(root, ['apps', 'libs', 'streams', 'package-lock.json', 'tsconfig.base.json']) <= built) return;
  await build(root);
}

export async function build(root) {
  const began = Date.now();
  const [esbuild, { bundleOptions }] = await Promise.all([import('esbuild'), import('./bundle.mjs')]);
  await mkdir(join(root, 'dist'), { recursive: true });
  await rm(join(root, 'dist', '.built'), { force: true });
  const entryPoints = Object.fromEntries(
    Object.entries(ENTRIES).filter(([, file]) => existsSync(join(root, file))).map(([name, file]) => [name, join(root, file)]),
  );
  // Shared chunks keep what a command does not need out of its start.
  await rm(join(root, 'dist', 'chunks'), { recursive: true, force: true });
  await esbuild.build({ ...bundleOptions(root), entryPoints, outdir: join(root, 'dist'), outExtension: { '.js': '.mjs' }, splitting: true, chunkNames: 'chunks/[name]-[hash]' });
  await writeFile(join(root, 'dist', '.built'), '');
  say(`Built in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}

/** Newest modification time below some paths, tests left out. */
function newest(root, paths) {
  let latest = 0;
  const visit = (path) => {
    const stat = statSync(path);
    if (!stat.isDirectory()) {
      if (!path.endsWith('.test.ts')) latest = Math.max(latest, stat.mtimeMs);
      return;
    }
    for (const entry of readdirSync(path)) if (entry !== 'node_modules' && entry !== 'dist') visit(join(path, entry));
  };
  for (const path of paths) visit(join(root, path));
  return latest;
}
