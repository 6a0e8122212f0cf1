/** What went wrong, where, and what to do about it. `code` is stable and machine-readable. */
export class PlumblineError extends Error {
  readonly code: string;
  readonly where: string | undefined;
  readonly fix: string | undefined;

  constructor(code: string, message: string, detail: { where?: string; fix?: string; cause?: unknown } = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'PlumblineError';
    this.code = code;
    this.where = detail.where;
    this.fix = detail.fix;
  }
}
