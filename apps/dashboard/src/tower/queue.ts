import type { Exception } from '@plumbline/contracts';
import { admit, hold, settle, type Arranged } from './arrange.ts';
import { inView, noFilters, type Filters } from '#exception/filters.ts';

/** Hands off for so long, and the rows fall into their order again, milliseconds. */
const HANDS_OFF = 15_000;
/** Rows change places by themselves at most so often, milliseconds. */
const CALM = 5_000;
/** New rows come in at most so often, milliseconds. */
const BREATH = 300;
/** A row that left the view goes on showing why for so long, milliseconds. */
const GOODBYE = 10_000;

/** Rows on screen: the place of the first, how many, and the one that the pointer rests on. */
export interface Seen {
  top: number;
  count: number;
  under?: string | undefined;
}

/**
 * The queue on screen: what is shown, what waits behind "4 new", where the cursor is, what is selected. How its members
 * are kept is left to the class below it: signals on a page, plain values in a test.
 */
export abstract class QueueModel {
  abstract arranged: Arranged;
  /** Row that keys act on. */
  abstract cursor: string | undefined;
  abstract selected: ReadonlySet<string>;
  /** False until the exceptions are known for the first time. */
  abstract filled: boolean;

  #filters: Filters = noFilters;
  #viewer: string | null = null;
  #touchedAt = -Infinity;
  #settledAt = -Infinity;
  #admittedAt = -Infinity;
  #leftAt = new Map<string, number>();

  get rows(): readonly Exception[] {
    return this.arranged.rows;
  }

  get index(): number {
    const cursor = this.cursor;
    return cursor === undefined ? -1 : this.rows.findIndex(({ id }) => id === cursor);
  }

  /** Hands are on the queue: pointer, key or wheel. */
  touch(now: number): void {
    this.#touchedAt = now;
  }

  /**
   * Takes in a new state of the tower. Another filter, sort or viewer is the viewer's own wish and is followed at once.
   * @param filling it is one more part of the first state: nothing in it is news that would wait for the viewer
   * @returns by how many rows the row that must not move on screen has changed its place
   */
  update(
    exceptions: ReadonlyMap<string, Exception>,
    filters: Filters,
    viewer: string | null,
    now: number,
    seen: Seen = { top: 0, count: Infinity },
    filling = false,
  ): { moved: number } {
    const asked = filters !== this.#filters || viewer !== this.#viewer || !this.filled;
    this.#filters = filters;
    this.#viewer = viewer;
    this.filled = true;
    if (asked) {
      this.#place(this.#settled(exceptions, now, true), exceptions, now);
      return { moved: 0 };
    }
    const before = this.rows;
    const held = hold(this.arranged, exceptions, filters, viewer);
    this.#noteLeavers(held.rows, now);
    const next = filling ? this.#settled(exceptions, now, false, seen.under) : this.#moving(held, exceptions, now, seen.under);
    const moved = next ? this.#moved(before, next.rows, seen) : 0;
    // A row under the pointer cannot be held where there is nothing to scroll back to: then no row moves.
    const unheld = !filling && seen.under !== undefined && moved < -seen.top;
    if (!next || unheld) {
      // What will be let in within a breath is not announced as waiting.
      this.arranged = unheld || this.#inUse(now) ? held : { ...held, fresh: [] };
      return { moved: 0 };
    }
    this.#place(next, exceptions, now);
    return { moved };
  }

  /** The viewer asked for what waits. */
  showFresh(exceptions: ReadonlyMap<string, Exception>, now: number): void {
    this.#place(this.#settled(exceptions, now, false), exceptions, now);
  }

  #inUse(now: number): boolean {
    return now - this.#touchedAt < HANDS_OFF;
  }

  /** What may move now: all rows seldom, new ones into their places often, none while hands are on the queue. */
  #moving(held: Arranged, exceptions: ReadonlyMap<string, Exception>, now: number, under: string | undefined): Arranged | undefined {
    if (this.#inUse(now)) return undefined;
    if (now - this.#settledAt >= CALM) return this.#settled(exceptions, now, false, under);
    return held.fresh.length > 0 && now - this.#admittedAt >= BREATH ? admit(held, exceptions, this.#filters) : undefined;
  }

  #settled(exceptions: ReadonlyMap<string, Exception>, now: number, asked: boolean, under?: string): Arranged {
    this.#settledAt = now;
    const lingers = (id: string): boolean => !asked && now - (this.#leftAt.get(id) ?? now) < GOODBYE;
    return settle(this.arranged, exceptions, this.#filters, this.#viewer, lingers, asked ? undefined : under);
  }

  #place(arranged: Arranged, exceptions: ReadonlyMap<string, Exception>, now: number): void {
    this.arranged = arranged;
    this.#admittedAt = now;
    this.#noteLeavers(this.rows, now);
    this.#prune(exceptions);
  }

  /**
   * By how many rows moves what the viewer looks at: the row under the pointer, else the cursor's, else, away from the
   * beginning of the list, most of those on screen.
   */
  #moved(before: readonly Exception[], after: readonly Exception[], { top, count, under }: Seen): number {
    const from = new Map(before.slice(top, top + count).map(({ id }, at) => [id, top + at]));
    const moved = new Map<string, number>();
    after.forEach(({ id }, at) => {
      const place = from.get(id);
      if (place !== undefined) moved.set(id, at - place);
    });
    for (const id of [under, this.cursor]) if (id !== undefined && moved.has(id)) return moved.get(id)!;
    if (top === 0) return 0;
    const all = [...moved.values()].sort((one, other) => one - other);
    return all[all.length >> 1] ?? 0;
  }

  #noteLeavers(rows: readonly Exception[], now: number): void {
    const left = new Map<string, number>();
    for (const row of rows) {
      if (!inView(row, this.#filters.view, this.#viewer)) left.set(row.id, this.#leftAt.get(row.id) ?? now);
    }
    this.#leftAt = left;
  }

  #prune(exceptions: ReadonlyMap<string, Exception>): void {
    if ([...this.selected].some((id) => !exceptions.has(id))) {
      this.selected = new Set([...this.selected].filter((id) => exceptions.has(id)));
    }
  }

  /** Moves the cursor by rows; `extend` takes what it passes into the selection. */
  move(by: number, extend = false): void {
    if (this.rows.length === 0) return;
    const from = this.index;
    const to = from < 0 ? (by > 0 ? 0 : this.rows.length - 1) : Math.max(0, Math.min(this.rows.length - 1, from + by));
    if (extend) this.#selectRange(from < 0 ? to : from, to);
    this.cursor = this.rows[to]!.id;
  }

  toggle(id: string): void {
    const selected = new Set(this.selected);
    if (!selected.delete(id)) selected.add(id);
    this.selected = selected;
  }

  selectTo(id: string): void {
    const to = this.rows.findIndex((row) => row.id === id);
    this.#selectRange(Math.max(0, this.index), to);
    this.cursor = id;
  }

  selectAll(): void {
    this.selected = new Set(this.rows.map(({ id }) => id));
  }

  clear(): void {
    if (this.selected.size > 0) this.selected = new Set();
  }

  /** What an action is about: the selection, else the row of the cursor. */
  get subjects(): string[] {
    if (this.selected.size > 0) return [...this.selected];
    return this.cursor === undefined || this.index < 0 ? [] : [this.cursor];
  }

  #selectRange(from: number, to: number): void {
    const selected = new Set(this.selected);
    for (let at = Math.min(from, to); at <= Math.max(from, to); at++) selected.add(this.rows[at]!.id);
    this.selected = selected;
  }
}
