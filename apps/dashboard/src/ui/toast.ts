import { toast } from 'svelte-sonner';
import { ProblemError } from '#live/api.ts';

/** One line at the foot of the page, for as long as its action can be taken. @param action a button, and how long it is offered */
export function notify(text: string, action?: { label: string; run: () => void; ms: number }): string | number {
  return toast(text, action ? { duration: action.ms, action: { label: action.label, onClick: action.run } } : { duration: 4_000 });
}

/** Something the viewer asked for did not happen: what, and what the server said of it. */
export function failed(what: string, error: unknown): void {
  toast.error(what, { description: reasonOf(error), duration: 12_000 });
}

export const dismissToast = (id: string | number): void => void toast.dismiss(id);

function reasonOf(error: unknown): string {
  if (error instanceof ProblemError) return error.problem.detail ?? error.problem.title;
  return error instanceof Error ? error.message : String(error);
}
