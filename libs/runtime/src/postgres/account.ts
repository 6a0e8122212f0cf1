import { PlumblineError } from '@plumbline/kernel';
import { execFileSync, spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { statSync } from 'node:fs';

/** As whom PostgreSQL runs, which refuses to be root. Empty ids: as ourselves. */
export interface Account {
  uid?: number;
  gid?: number;
  /** Put before the command when the account alone could not reach the binaries or the data. */
  prefix: string[];
}

/** Accounts to run under when we are root, in order of preference; no account is created on the machine. */
const CANDIDATES = ['postgres', '_postgres', 'nobody', 'daemon'];

/**
 * Chooses the account. An ordinary user runs PostgreSQL as itself. Root hands it to the owner of existing data, else to
 * `postgres` or `nobody`; if that account cannot pass a directory on the way (a checkout below /root, say), it gets the
 * one capability that lets it (CAP_DAC_OVERRIDE, through setpriv).
 * @param existing the cluster directory when there is one
 * @throws PlumblineError 'postgres-no-account' | 'data-not-writable'
 */
export function chooseAccount(postgres: string, workDir: string, existing: string | undefined): Account {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const { uid, gid } = (existing ? ownerOf(existing) : undefined) ?? unprivileged();
  const plain: Account = { uid, gid, prefix: [] };
  if (runs(plain, postgres, workDir)) return plain;
  const caps = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  const raised: Account = { prefix: ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...caps, '--'] };
  if (runs(raised, postgres, workDir)) return { ...raised, uid, gid };
  throw new PlumblineError(
    'data-not-writable',
    `the account PostgreSQL has to run under (uid ${uid}) cannot reach its files`,
    {
      where: workDir,
      fix: 'start as an ordinary user, or put program and data (PLUMBLINE_DATA) where every user may pass, such as below /var/lib or /srv',
    },
  );
}

/** Starts a command under the account, in a session of its own: a Ctrl-C at the terminal is ours to pass on. */
export function spawnAs(account: Account, command: string, args: string[], options: SpawnOptions): ChildProcess {
  const [program, ...rest] = [...account.prefix, command, ...args];
  return spawn(program!, rest, { ...options, ...ids(account), detached: true });
}

/** With a prefix the ids are changed by it, which must itself start as root. */
function ids(account: Account): { uid?: number; gid?: number } {
  if (account.prefix.length > 0 || account.uid === undefined || account.gid === undefined) return {};
  return { uid: account.uid, gid: account.gid };
}

function runs(account: Account, postgres: string, workDir: string): boolean {
  const [program, ...rest] = [...account.prefix, '/bin/sh', '-c', 'cd "$1" && exec "$0" --version', postgres, workDir];
  return spawnSync(program!, rest, { ...ids(account), cwd: '/', stdio: 'ignore' }).status === 0;
}

function ownerOf(path: string): { uid: number; gid: number } | undefined {
  const { uid, gid } = statSync(path);
  return uid === 0 ? undefined : { uid, gid };
}

function unprivileged(): { uid: number; gid: number } {
  for (const name of CANDIDATES) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      const [uid, gid] = [id('-u'), id('-g')];
      if (uid > 0) return { uid, gid };
    } catch {
      continue; // no such account: try the next
    }
  }
  throw new PlumblineError('postgres-no-account', 'PostgreSQL does not run as root and no other account was found', {
    where: CANDIDATES.join(', '),
    fix: 'start Plumbline as an ordinary user',
  });
}
