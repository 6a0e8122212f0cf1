import type { Figures } from '@plumbline/contracts';
import type { FiguresLevel } from './watching.ts';

interface Member {
  /** Number of the update that last changed it. */
  version: number;
  text: string;
}

/** Updates of the fast path between two messages to a client that keeps up are fewer. */
const ACCEPTED_KEPT = 32;
const CELLS = 'cells' satisfies keyof Figures;

/** The newest figures, and which members changed at which update: compared once for all clients. */
export class LiveFigures {
  #figures: Figures | undefined;
  #updates = 0;
  readonly #members = new Map<keyof Figures, Member>();
  /** Number of the last update that changed anything: at all, and besides cells. */
  #latest: Record<Exclude<FiguresLevel, 'none'>, number> = { all: 0, tiles: 0 };

  /** Of late updates, when the log took the first event that each counts and none before did. */
  readonly #accepted: { version: number; at: number }[] = [];

  /** @returns whether any member changed */
  set(figures: Figures, accepted?: number): boolean {
    const version = ++this.#updates;
    if (accepted !== undefined && this.#accepted.push({ version, at: accepted }) > ACCEPTED_KEPT) this.#accepted.shift();
    this.#figures = figures;
    for (const name of Object.keys(figures) as (keyof Figures)[]) {
      const text = JSON.stringify(figures[name]);
      if (this.#members.get(name)?.text === text) continue;
      this.#members.set(name, { version, text });
      this.#latest.all = version;
      if (name !== CELLS) this.#latest.tiles = version;
    }
    return this.#latest.all === version;
  }

  /** Number of the last update that matters to a level; 0: none. */
  latest(level: FiguresLevel): number {
    return level === 'none' ? 0 : this.#latest[level];
  }

  /** When the log took the first event that figures count now and did not at an update; undefined: none is known. */
  acceptedAfter(version: number): number | undefined {
    let first: number | undefined;
    for (const update of this.#accepted) if (update.version > version && update.at < (first ?? Infinity)) first = update.at;
    return first;
  }

  whole(level: FiguresLevel): Figures | null {
    if (level === 'none' || !this.#figures) return null;
    return level === 'all' ? this.#figures : { ...this.#figures, [CELLS]: [] };
  }

  /** Members that changed after an update; null: none of them. */
  after(level: FiguresLevel, version: number): Partial<Figures> | null {
    if (!this.#figures || this.latest(level) <= version) return null;
    const changed: Partial<Record<keyof Figures, unknown>> = {};
    for (const [name, member] of this.#members) {
      if (member.version > version && (name !== CELLS || level === 'all')) changed[name] = this.#figures[name];
    }
    return changed as Partial<Figures>;
  }
}
