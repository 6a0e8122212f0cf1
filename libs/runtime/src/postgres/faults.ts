import { PlumblineError } from '@plumbline/kernel';

/** Turns what PostgreSQL or the file system says into an error that tells what to do. `said`: log lines or a message. */
export function faultOf(said: string, dataDir: string, cause?: unknown): PlumblineError {
  const detail = cause === undefined ? { where: dataDir } : { where: dataDir, cause };
  if (/No space left on device|ENOSPC|Disk quota exceeded|EDQUOT/.test(said)) {
    return new PlumblineError('disk-full', 'the disk that holds the database is full', {
      ...detail,
      fix: 'free some space there, or choose another place with PLUMBLINE_DATA, then start again; nothing stored is lost',
    });
  }
  if (/Address already in use|could not create any TCP\/IP sockets|EADDRINUSE/.test(said)) {
    return new PlumblineError('port-in-use', 'the port chosen for the database is in use', {
      ...detail,
      fix: 'choose another port, or none to let a free one be picked',
    });
  }
  if (/database files are incompatible|not compatible with this version/.test(said))
    return otherVersion('another', undefined, dataDir);
  if (/lock file ".*" already exists|pre-existing shared memory block|is already in use/.test(said))
    return inUse(dataDir, undefined);
  if (
    /EACCES|EPERM|EROFS|ENOTDIR|EEXIST|Permission denied|Read-only file system|Operation not permitted|has wrong ownership/.test(
      said,
    )
  ) {
    return notWritable(dataDir, cause);
  }
  return new PlumblineError('postgres-failed', `the database did not start: ${lastLines(said)}`, {
    ...detail,
    fix: 'the lines above come from PostgreSQL; if the data directory is damaged, restore it or start with an empty one',
  });
}

export function inUse(dataDir: string, pid: number | undefined): PlumblineError {
  return new PlumblineError(
    'data-in-use',
    `another instance${pid === undefined ? '' : ` (process ${pid})`} is using this data`,
    {
      where: dataDir,
      fix: 'stop it first, or give this one its own data directory with PLUMBLINE_DATA',
    },
  );
}

export function otherVersion(found: string, wanted: number | undefined, dataDir: string): PlumblineError {
  return new PlumblineError(
    'data-other-version',
    `the data was written by PostgreSQL ${found}; this program has ${wanted === undefined ? 'a different version' : wanted}`,
    {
      where: dataDir,
      fix: 'move the directory away to start afresh, or run the release of Plumbline that wrote it and export from there',
    },
  );
}

export function notWritable(dataDir: string, cause?: unknown): PlumblineError {
  return new PlumblineError('data-not-writable', 'the data directory cannot be written', {
    where: dataDir,
    fix: 'give this user write access to it, start as the user who owns it, or choose another place with PLUMBLINE_DATA',
    cause,
  });
}

function lastLines(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => /FATAL|PANIC|ERROR|error:|HINT|DETAIL/.test(line));
  return (telling.length > 0 ? telling : lines.filter(Boolean)).slice(-4).join(' | ') || 'it ended without a word';
}
