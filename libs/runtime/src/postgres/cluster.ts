import { PlumblineError } from '@plumbline/kernel';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { spawnAs, type Account } from './account.ts';
import type { PostgresBinaries } from './binaries.ts';
import { faultOf, notWritable, otherVersion } from './faults.ts';

/** Role that owns everything in the embedded server. */
export const ROLE = 'plumbline';

/** Room wanted before start: a new cluster takes 60 MB and its write-ahead log grows at once. */
const NEW_CLUSTER_BYTES = 300 * 2 ** 20;
const RUNNING_BYTES = 48 * 2 ** 20;

/** Where things lie in a data directory: `cluster` is PostgreSQL's own directory, `password` that of ROLE. */
export function clusterOf(dataDir: string): string {
  return join(dataDir, 'cluster');
}

/**
 * Checks that the directory can be used before anything is started in it, creating it when missing.
 * @throws PlumblineError 'data-not-writable' | 'data-other-version' | 'data-not-ours' | 'disk-full'
 */
export function checkDataDir(dataDir: string, major: number): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o711 });
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw faultOf(String(error), dataDir, error);
  }
  const cluster = clusterOf(dataDir);
  const found = versionIn(cluster) ?? versionIn(dataDir);
  if (found !== undefined && found !== String(major)) throw otherVersion(found, major, dataDir);
  if (versionIn(dataDir) !== undefined) {
    throw new PlumblineError(
      'data-not-ours',
      'the directory holds a PostgreSQL cluster that Plumbline did not create',
      {
        where: dataDir,
        fix: 'choose an empty directory with PLUMBLINE_DATA, or start that server yourself and give its URL',
      },
    );
  }
  if (existsSync(cluster) && found === undefined) throw notWritable(cluster);
  const { bavail, bsize } = statfsSync(dataDir);
  const wanted = existsSync(cluster) ? RUNNING_BYTES : NEW_CLUSTER_BYTES;
  if (bavail * bsize < wanted) throw faultOf(`ENOSPC: ${bavail * bsize} bytes free, ${wanted} wanted`, dataDir);
}

/** The password of ROLE; created on first use, readable by its owner only. */
export function passwordOf(dataDir: string): string {
  const path = join(dataDir, 'password');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw notWritable(dataDir, error);
    const password = randomBytes(24).toString('base64url');
    writeFileSync(path, password, { mode: 0o600, flag: 'wx' });
    return password;
  }
}

/**
 * Creates the cluster when it is missing. It is built aside and renamed when complete, so that a creation cut short
 * (kill -9, full disk) leaves nothing that looks like a cluster.
 */
export async function createCluster(
  binaries: PostgresBinaries,
  dataDir: string,
  account: Account,
  options: { durable: boolean; log: (line: string) => void },
): Promise<void> {
  const cluster = clusterOf(dataDir);
  const building = `${cluster}.new`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { mode: 0o700 });
  const passwordFile = join(dataDir, 'password.new');
  writeFileSync(passwordFile, passwordOf(dataDir), { mode: 0o600 });
  if (account.uid !== undefined && account.gid !== undefined) {
    for (const path of [building, passwordFile]) chownSync(path, account.uid, account.gid);
  }
  try {
    const said = await run(
      binaries.initdb,
      initdbArguments(building, passwordFile, options.durable),
      account,
      building,
      options.log,
    );
    if (said !== undefined) throw faultOf(said, dataDir);
    renameSync(building, cluster);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(building, { recursive: true, force: true });
  }
}

function initdbArguments(directory: string, passwordFile: string, durable: boolean): string[] {
  return [
    `--pgdata=${directory}`,
    `--username=${ROLE}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ];
}

/** Undefined when the program ended well, otherwise what it said. */
function run(
  program: string,
  args: string[],
  account: Account,
  cwd: string,
  log: (line: string) => void,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawnAs(account, program, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString('utf8');
      log(chunk.toString('utf8').trim());
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.on('error', (error) => reject(faultOf(String(error), cwd, error)));
    child.on('close', (code) => resolve(code === 0 ? undefined : said || `exit code ${code}`));
  });
}

function versionIn(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, 'PG_VERSION'), 'utf8').trim();
  } catch {
    return undefined; // not a cluster (yet)
  }
}
