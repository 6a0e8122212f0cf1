import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inUse } from './faults.ts';

/** A process told apart from a later one with the same id by when it began. */
interface Owner {
  pid: number;
  began: string;
}

/**
 * Takes the data directory for this process by a file naming it. The file of a process that is gone is replaced.
 * @returns true when a former owner went without giving the directory back (killed, or the machine went down)
 * @throws PlumblineError 'data-in-use'
 */
export function takeOwnership(dataDir: string): boolean {
  const path = join(dataDir, 'owner.json');
  const text = JSON.stringify({ pid: process.pid, began: beganOf(process.pid) ?? '' } satisfies Owner);
  let abandoned = false;
  for (;;) {
    try {
      writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
      return abandoned;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = readOwner(path);
    if (owner && owner.began !== '' && beganOf(owner.pid) === owner.began) throw inUse(dataDir, owner.pid);
    abandoned = true;
    removeStale(path);
  }
}

export function giveUpOwnership(dataDir: string): void {
  rmSync(join(dataDir, 'owner.json'), { force: true });
}

/** The postmaster named in the cluster's postmaster.pid, if it lives and is one: a postgres working in this cluster. */
export function livePostmaster(cluster: string): number | undefined {
  const pid = postmasterPid(cluster);
  if (pid === undefined || !alive(pid)) return undefined;
  return worksIn(pid, cluster) ? pid : undefined;
}

/** Signals the postmaster of the cluster if it still lives. */
export function signalPostmaster(cluster: string, signal: NodeJS.Signals): void {
  const pid = livePostmaster(cluster);
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Removes a postmaster.pid whose process id now belongs to someone else, which PostgreSQL would take for a live
 * server (in containers the same small ids come back at every start). Kept when that cannot be told.
 */
export function dropStaleLock(cluster: string): void {
  const pid = postmasterPid(cluster);
  if (pid !== undefined && alive(pid) && worksIn(pid, cluster) === false)
    rmSync(join(cluster, 'postmaster.pid'), { force: true });
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !ended(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Ended but not yet collected by its parent, which in a container without an init process may be for ever. */
function ended(pid: number): boolean {
  try {
    return stateOf(pid)[0] === 'Z';
  } catch {
    return false; // no /proc on this system
  }
}

/** Fields of /proc/PID/stat from the third, the state, on. */
function stateOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function postmasterPid(cluster: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(cluster, 'postmaster.pid'), 'utf8'), 10);
    return pid > 1 ? pid : undefined;
  } catch {
    return undefined; // no lock file: nobody is at home
  }
}

/** Undefined when it cannot be told. PostgreSQL makes its data directory its working directory. */
function worksIn(pid: number, cluster: string): boolean | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster);
  } catch {
    const command = ps(pid, 'command=');
    return command === undefined ? undefined : command.includes('postgres') && command.includes(cluster);
  }
}

/** When a process began, as text that differs for a later process with the same id; undefined when there is none. */
function beganOf(pid: number): string | undefined {
  try {
    const fields = stateOf(pid);
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return fields[0] === 'Z' ? undefined : `${boot} ${fields[19]}`;
  } catch {
    return alive(pid) ? ps(pid, 'lstart=') : undefined;
  }
}

function ps(pid: number, field: string): string | undefined {
  try {
    return (
      execFileSync('ps', ['-o', field, '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim() || undefined
    );
  } catch {
    return undefined; // no such process, or no ps
  }
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner;
  } catch {
    return undefined; // torn by a full disk or a crash: nobody can be named
  }
}

/** By renaming first, so that of two starters only one removes it. */
function removeStale(path: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
