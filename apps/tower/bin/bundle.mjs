// How our TypeScript becomes something Node runs: workspace code is bundled, npm packages are not.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** esbuild options shared by the build and by run.mjs. */
export function bundleOptions(root) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const packages = Object.keys({ ...dependencies, ...devDependencies });
  return {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    sourcemap: 'inline',
    logLevel: 'warning',
    external: packages.flatMap((name) => [name, `${name}/*`]),
    tsconfig: join(root, 'tsconfig.base.json'),
  };
}
