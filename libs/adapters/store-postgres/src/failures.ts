import { PlumblineError } from '@plumbline/kernel';

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // a Unix socket that is gone
  '53300', // too many connections
  '57P01', // server is shutting down
  '57P02', // server crashed
  '57P03', // server is starting
  '57P05', // idle session ended
  '25P03', // idle transaction ended
  '40001', // serialization failure
  '40P01', // deadlock
]);

const LOST = /connection terminated|connection ended|connection error|client was closed|not queryable|timeout exceeded when trying to connect|connect timeout/i;

/** Whether a failure is the connection's or a conflict's: nothing was half-written, the work can be done again. */
export function isRetryable(error: unknown): boolean {
  const { code, message } = describe(error);
  return UNREACHABLE.has(code) || code.startsWith('08') || LOST.test(message);
}

/** Turns what `pg` throws into an error with a stable code; what is one already passes through. */
export function storeFailure(error: unknown, doing: string): PlumblineError {
  if (error instanceof PlumblineError) return error;
  const { code, message } = describe(error);
  const detail = { where: `store, ${doing}`, cause: error };
  if (code === '53100' || code === 'ENOSPC' || /no space left on device/i.test(message)) {
    return new PlumblineError('disk-full', `the database has no disk space left: ${message}`, {
      ...detail,
      fix: 'free disk space (or lower the archive retention) and start again; nothing was half-written',
    });
  }
  if (isRetryable(error)) {
    return new PlumblineError('store-unavailable', `the database did not answer: ${message}`, {
      ...detail,
      fix: 'check that PostgreSQL runs, then claim the partition again and go on from where the claim says it stands',
    });
  }
  if (code === '42P01' || code === '42703') {
    return new PlumblineError('store-not-migrated', `the database lacks a table or column: ${message}`, {
      ...detail,
      fix: 'run the migrations (plumbline doctor says which are missing)',
    });
  }
  return new PlumblineError('store-failed', `the database refused: ${message}${code ? ` (${code})` : ''}`, {
    ...detail,
    fix: 'this is a fault of the program or of the database; report it with the message',
  });
}

function describe(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const { code } = error as Error & { code?: unknown };
  // Node reports a host with several addresses as an AggregateError without a message of its own.
  const inner = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0].message : '';
  return { code: typeof code === 'string' ? code : '', message: error.message || inner || error.name };
}
