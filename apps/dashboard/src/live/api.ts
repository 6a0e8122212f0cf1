import type { Problem } from '@plumbline/contracts';

const ROOT = '/api/v1';

/** What the API said when it refused: RFC 9457 problem details, or that it could not be reached. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

type Parameters = Record<string, string | number | boolean | readonly string[] | null | undefined>;

/** "/exceptions" + parameters; empty ones are left out, lists are joined by commas. */
export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === null || value === '') continue;
    const text = Array.isArray(value) ? value.join(',') : String(value);
    if (text !== '') query.set(name, text);
  }
  const text = query.toString();
  return ROOT + path + (text === '' ? '' : `?${text}`);
}

/** @throws ProblemError */
export function get<T>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<T> {
  return ask<T>(address(path, parameters), signal ? { signal } : {});
}

/** @throws ProblemError */
export function send<T>(method: 'POST' | 'PUT', path: string, body: unknown): Promise<T> {
  return ask<T>(ROOT + path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

async function ask<T>(url: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers: { accept: 'application/json', ...init.headers } });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ProblemError({
      type: 'urn:plumbline:problem:unreachable',
      title: 'The tower cannot be reached',
      status: 0,
      code: 'unreachable',
      detail: 'Nothing was changed. It is tried again as soon as the connection is back.',
    });
  }
  if (response.ok) return (await response.json()) as T;
  throw new ProblemError(await problemOf(response));
}

async function problemOf(response: Response): Promise<Problem> {
  if (response.headers.get('content-type')?.includes('json')) {
    try {
      return (await response.json()) as Problem;
    } catch {
      // An answer cut short says no more than its status.
    }
  }
  return {
    type: 'urn:plumbline:problem:http',
    title: `The tower answered ${response.status}`,
    status: response.status,
    code: 'http',
    detail: response.statusText || 'The answer held no explanation.',
  };
}
