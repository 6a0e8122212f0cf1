/** Keys of the whole page. A page adds its own while it is shown; the latest added is asked first. */
export interface Shortcut {
  /** As printed: "a", "g p", "Control+k", "?", "Shift+ArrowDown". */
  keys: string;
  does: string;
  group: string;
}
type Handler = (event: KeyboardEvent) => boolean;

const handlers: Handler[] = [];
const barriers: (() => boolean)[] = [];

/** While `closed` says so no key is a shortcut: something that waits for the viewer is open, or on its way. */
export const keysRestWhile = (closed: () => boolean): void => void barriers.push(closed);

/** @param handler answers whether it took the key @returns takes it away again */
export function onKey(handler: Handler): () => void {
  handlers.push(handler);
  return () => {
    const at = handlers.indexOf(handler);
    if (at >= 0) handlers.splice(at, 1);
  };
}

/** Keys typed into a field, or into a menu or dialog that is open, are not shortcuts. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest('input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable=true], [role=dialog], [role=menu]') !== null;
}

export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || barriers.some((closed) => closed())) return;
  for (let at = handlers.length - 1; at >= 0; at--) {
    if (handlers[at]!(event)) {
      event.preventDefault();
      return;
    }
  }
}

/** The first of two keys (`g`) waits so long for the second, milliseconds. */
const CHORD = 1_500;

/** Two keys in turn: answers the second after `first`, undefined otherwise. */
export class Chord {
  #at = -Infinity;
  readonly #first: string;

  constructor(first: string) {
    this.#first = first;
  }

  /** @returns 'armed' for the first key, the second key itself when it came in time */
  press(key: string, now: number): string | undefined {
    if (now - this.#at < CHORD) {
      this.#at = -Infinity;
      return key;
    }
    if (key !== this.#first) return undefined;
    this.#at = now;
    return 'armed';
  }
}
