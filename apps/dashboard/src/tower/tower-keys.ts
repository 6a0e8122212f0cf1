import { act } from '#live/commands.svelte.ts';
import type { Act } from '#live/overlay.ts';
import { isTyping } from '#shell/keys.ts';
import type { QueueModel } from './queue.ts';

export interface TowerKeys {
  queue: QueueModel;
  /** The cursor has moved. */
  moved: () => void;
  open: (id: string) => void;
  /** @returns whether there was something to close */
  close: () => boolean;
  search: () => void;
  showFresh: () => void;
  focusList: () => void;
}

const ACTS: Record<string, Act> = {
  a: 'acknowledge',
  o: 'assign',
  w: 'start',
  s: 'snooze',
  r: 'resolve',
  d: 'dismiss',
  c: 'comment',
  e: 'reopen',
};
const PAGE = 10;

/** Triage by keyboard. The returned handler answers whether it took the key. */
export function towerKeys(on: TowerKeys): (event: KeyboardEvent) => boolean {
  const { queue } = on;
  const move = (by: number, extend: boolean): true => {
    queue.touch(Date.now());
    queue.move(by, extend);
    on.focusList();
    on.moved();
    return true;
  };
  const keys: Record<string, (event: KeyboardEvent) => boolean> = {
    j: () => move(1, false),
    k: () => move(-1, false),
    J: () => move(1, true),
    K: () => move(-1, true),
    ArrowDown: (event) => move(1, event.shiftKey),
    ArrowUp: (event) => move(-1, event.shiftKey),
    PageDown: () => move(PAGE, false),
    PageUp: () => move(-PAGE, false),
    Home: () => move(-queue.rows.length, false),
    End: () => move(queue.rows.length, false),
    Enter: () => queue.cursor !== undefined && queue.index >= 0 && (on.open(queue.cursor), true),
    x: () => queue.cursor !== undefined && (queue.toggle(queue.cursor), true),
    X: () => queue.cursor !== undefined && (move(1, true), true),
    '/': () => (on.search(), true),
    '.': () => (on.showFresh(), true),
    Escape: () => (queue.selected.size > 0 ? (queue.clear(), true) : on.close()),
  };
  return (event) => {
    if (isTyping(event.target)) return false;
    const onList = event.target instanceof Element && event.target.closest('[role=listbox]') !== null;
    if ((event.ctrlKey || event.metaKey) && event.key === 'a' && onList) return queue.selectAll(), true;
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const command = ACTS[event.key];
    if (command !== undefined) {
      const ids = queue.subjects;
      if (ids.length === 0) return false;
      queue.touch(Date.now());
      act(command, ids);
      return true;
    }
    // Enter, arrows and paging belong to whatever has the focus, unless that is the queue or nothing.
    if (event.key.length > 1 && event.key !== 'Escape' && !onList && event.target !== document.body) return false;
    return keys[event.key]?.(event) ?? false;
  };
}
