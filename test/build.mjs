// Builds everything anew, as `npm start` does on a fresh checkout: the browser's tests run what a user runs.
import { resolve } from 'node:path';
import { build } from '../apps/tower/bin/build.mjs';

await build(resolve(import.meta.dirname, '..'));
