// Makes this checkout runnable: installs dependencies when they are missing or stale, and goes on under the current
// Node that comes with them. Only Node's built-ins: it runs before anything is installed, on Node 20 or newer.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
export const NODE = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const STAMP = join(root, 'node_modules', '.plumbline-installed');

/** Installs what package-lock.json asks for, unless exactly that is installed. Exits with advice when it cannot. */
export function install() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    fail(`Plumbline needs Node 20 or newer; this is ${process.version}.`, 'Install a current Node, then run this again.');
  }
  const wanted = fingerprint();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted && existsSync(NODE)) return;
  const began = Date.now();
  say('Installing dependencies (first start, or they changed) …');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev'];
  const npm = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (npm.error) fail(`npm could not be started: ${npm.error.message}.`, 'Install npm (it comes with Node).');
  if (npm.status !== 0) {
    fail('Dependencies could not be installed; npm says why above.', 'Check the network, the registry setting and free disk space, then run this again.');
  }
  if (!existsSync(NODE)) {
    fail('The package "node" brought no binary: its install script was not allowed to run.', 'Run: npm rebuild node --foreground-scripts');
  }
  writeFileSync(STAMP, wanted);
  say(`Dependencies installed in ${((Date.now() - began) / 1000).toFixed(0)} s.`);
}

/** Runs a program of this checkout under its own Node; passes signals on and exits as it does. */
export function go(file, args, { env = {}, nodeArgs = ['--enable-source-maps'] } = {}) {
  const path = `${dirname(NODE)}${delimiter}${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
  const child = spawn(NODE, [...nodeArgs, file, ...args], { stdio: 'inherit', env: { ...process.env, PATH: path, ...env } });
  // A terminal sends Ctrl-C to the whole group; the child decides when it is done.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + 15 : (code ?? 1)));
}

export function say(text) {
  process.stderr.write(`${text}\n`);
}

export function fail(what, fix) {
  process.stderr.write(`plumbline: ${what}\n  ${fix}\n`);
  process.exit(1);
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json']) hash.update(readFileSync(join(root, file)));
  return hash.update(process.platform + process.arch).digest('hex');
}
