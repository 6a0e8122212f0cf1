#!/usr/bin/env node
// The command `plumbline`: brings the checkout up to date, builds it when a source is newer, and runs the CLI.
import { join } from 'node:path';
import { go, install, root } from './bootstrap.mjs';

install();
const { buildIfStale } = await import('./build.mjs');
await buildIfStale(root);
go(join(root, 'dist', 'plumbline.mjs'), process.argv.slice(2));
