/** Exit codes of every command; the help of each lists them. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, refused: 4, interrupted: 130 } as const;

export const EXIT_HELP = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such thing, 4 refused (a
  transition that is not allowed, faults in a file), 130 interrupted`;

/** Codes of PlumblineError that are not simply "failed". */
const CODES: Readonly<Record<string, number>> = {
  usage: EXIT.usage,
  'range-invalid': EXIT.usage,
  'invalid-cursor': EXIT.usage,
  'exception-unknown': EXIT.notFound,
  'plan-unknown': EXIT.notFound,
  'dead-letter-unknown': EXIT.notFound,
  'file-missing': EXIT.notFound,
  'command-refused': EXIT.refused,
  'command-invalid': EXIT.refused,
  'plan-faults': EXIT.refused,
  'plan-transition': EXIT.refused,
  'plan-immutable': EXIT.refused,
  'plan-invalid': EXIT.refused,
  'plan-extend': EXIT.refused,
  'no-earlier-plan': EXIT.refused,
  'no-plan': EXIT.refused,
  'no-history': EXIT.refused,
  'file-empty': EXIT.refused,
  'file-header': EXIT.refused,
  'file-row': EXIT.refused,
  'file-truncated': EXIT.refused,
  'file-damaged': EXIT.refused,
  stopped: EXIT.interrupted,
};

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (typeof code === 'string' ? CODES[code] : undefined) ?? EXIT.failed;
}
