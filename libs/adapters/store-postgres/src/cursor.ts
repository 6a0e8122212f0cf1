import { PlumblineError } from '@plumbline/kernel';

/** Opaque text of where a list stopped: the kind of list and the last row's sort key, kept exact as text. */
export const encodeCursor = (list: string, key: readonly string[]): string => Buffer.from(JSON.stringify([list, ...key])).toString('base64url');

/** @throws PlumblineError 'invalid-cursor' when it is not one of ours, or of another list or order */
export function decodeCursor(cursor: string, list: string, shape: readonly RegExp[]): string[] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    parts = undefined;
  }
  const [kind, ...key] = Array.isArray(parts) ? (parts as unknown[]) : [];
  const fits = kind === list && key.length === shape.length && key.every((part, i) => typeof part === 'string' && shape[i]!.test(part));
  if (fits) return key as string[];
  throw new PlumblineError('invalid-cursor', 'the cursor does not belong to this list and order', { where: 'store, list', fix: 'start again without a cursor' });
}
