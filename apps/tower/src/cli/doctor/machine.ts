import type { Config } from '@plumbline/runtime';
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { bytes } from '../amounts.ts';
import { failed, ok, warning, type Finding } from './finding.ts';

const WANTED_NODE = 24;
const LEAST_NODE = 20;
/** A new database takes 60 MB and its log of changes grows at once; below the second figure a busy day may not fit. */
const LEAST_BYTES = 300e6;
const WANTED_BYTES = 2e9;
const PATIENCE_MS = 20_000;
/** A machine whose clock is before this has never been told the time. */
const EARLIEST = Date.UTC(2025, 0, 1);

export function nodeFinding(version: string = process.versions.node): Finding {
  const major = Number(version.split('.')[0]);
  if (major >= WANTED_NODE) return ok('Node', `v${version}`);
  if (major >= LEAST_NODE) return warning('Node', `v${version}, made for ${WANTED_NODE}`, 'Start Plumbline with npm start or npx plumbline: they use the Node that comes with it.');
  return failed('Node', `v${version} is too old`, `Install Node ${WANTED_NODE} or newer.`);
}

export function clockFinding(now: number): Finding {
  const shown = new Date(now).toISOString().slice(0, 19);
  return now > EARLIEST ? ok('clock', `${shown}Z`) : failed('clock', `${shown}Z cannot be`, 'Set the clock of this machine; turn time synchronisation on.');
}

/** The folder of the embedded database, or of where it would be created. */
export function dataFinding({ data, storeUrl }: Config): Finding {
  if (storeUrl !== '') return ok('data folder', 'not used: PLUMBLINE_STORE_URL names a server');
  const folder = resolve(data);
  const place = nearest(folder);
  try {
    accessSync(place, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return failed('data folder', `${place} cannot be written by this user`, 'Give this user write access, start as the user who owns it, or choose another place with PLUMBLINE_DATA.');
  }
  return ok('data folder', hasDatabase(data) ? folder : `${folder} has no database yet: the first start creates it`);
}

/** Whether an embedded database has been created there. */
export const hasDatabase = (data: string): boolean => existsSync(join(resolve(data), 'cluster'));

export function diskFinding({ data, storeUrl }: Config): Finding {
  const place = storeUrl === '' ? nearest(resolve(data)) : process.cwd();
  const { bavail, bsize } = statfsSync(place);
  const free = bavail * bsize;
  const told = `${bytes(free)} free`;
  if (free < LEAST_BYTES) return failed('disk space', told, `Free at least ${bytes(LEAST_BYTES)} on the disk of ${place}.`);
  if (free < WANTED_BYTES) return warning('disk space', told, `Free some space on the disk of ${place}: ${bytes(WANTED_BYTES)} leave room for a few weeks.`);
  return ok('disk space', told);
}

/** Java and Maven start the Kafka that the conformance suite runs against; the tower itself needs neither. */
export async function kafkaSuiteFindings(): Promise<Finding[]> {
  const [java, maven] = await Promise.all([versionOf('java', ['-version']), versionOf('mvn', ['-v'])]);
  const why = 'only tests against a Kafka of their own need it';
  return [
    Number(java?.split('.')[0]) >= 17 ? ok('Java', `${java} (optional)`) : warning('Java', `${java ?? 'not there'}; ${why}`, 'Install Java 17 or newer, or name a cluster with KAFKA_BROKERS.'),
    maven === undefined ? warning('Maven', `not there; ${why}`, 'Install Maven, or name a cluster with KAFKA_BROKERS.') : ok('Maven', `${maven} (optional)`),
  ];
}

/** The API's address: a tower answers there, it is free, or another program has it. */
export async function apiFinding({ host, port }: Config): Promise<Finding> {
  const address = `${host}:${port}`;
  if (port === 0) return ok('API', 'any free port');
  const answer = await fetch(`http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}/api/v1/health`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  if (answer?.ok && (await answer.text()).includes('"checks"')) return ok('API', `a tower answers at ${address}`);
  const fault = answer === undefined ? await listening(host, port) : 'EADDRINUSE';
  if (fault === undefined) return ok('API', `${address} is free: no tower is running there`);
  if (fault === 'EADDRINUSE') return failed('API', `another program listens at ${address}`, 'End that program, or choose another port with PLUMBLINE_PORT.');
  if (fault === 'EACCES') return failed('API', `this user may not open port ${port}`, 'Choose a port above 1023 with PLUMBLINE_PORT.');
  return failed('API', `${host} is no address of this machine (${fault})`, 'Set PLUMBLINE_HOST to 127.0.0.1, or 0.0.0.0 for all addresses.');
}

/** The code of what keeps us from listening there; undefined when nothing does. */
function listening(host: string, port: number): Promise<string | undefined> {
  return new Promise((settle) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => settle(undefined)));
  });
}

/** First number that looks like a version in what a program says of itself; undefined when it cannot be started. */
function versionOf(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((settle) => {
    let said = '';
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS });
    const hear = (chunk: Buffer): void => void (said += chunk.toString('utf8'));
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', () => settle(undefined));
    child.on('close', (code) => settle(code === 0 ? /\d+(?:\.\d+)+|\b\d{2}\b/.exec(said)?.[0] : undefined));
  });
}

/** The path itself or the nearest folder above it that is there. */
function nearest(path: string): string {
  let place = path;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  return place;
}
