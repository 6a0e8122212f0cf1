import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { clusterOf, passwordOf, ROLE } from './cluster.ts';
import { livePostmaster } from './ownership.ts';

/**
 * The URL of an embedded database that another process of ours is running on this data directory, so that a command
 * can talk to it; undefined when none is running.
 */
export function runningPostgres(dataDir: string): string | undefined {
  const cluster = clusterOf(resolve(dataDir));
  if (!existsSync(cluster) || livePostmaster(cluster) === undefined) return undefined;
  // Fourth line of postmaster.pid: the port (PostgreSQL, src/include/utils/pidfile.h).
  const port = Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[3]);
  if (!Number.isInteger(port) || port <= 0) return undefined;
  return `postgres://${ROLE}:${encodeURIComponent(passwordOf(resolve(dataDir)))}@127.0.0.1:${port}/${ROLE}`;
}
