import type { Exception, ExceptionPage } from '@plumbline/contracts';
import { get } from '#live/api.ts';

/** Exceptions that are over. Live messages do not hold them; they are asked for by the page. */
export class Closed {
  exceptions = $state.raw<ReadonlyMap<string, Exception>>(new Map());
  loaded = $state(false);
  error = $state.raw<unknown>();
  #next: string | null = null;
  #busy = false;

  /** @param _change asked anew when the tower has moved on */
  async load(_change: number): Promise<void> {
    await this.#ask(null, new Map());
  }

  async more(): Promise<void> {
    if (this.#next !== null) await this.#ask(this.#next, this.exceptions);
  }

  async #ask(cursor: string | null, before: ReadonlyMap<string, Exception>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.error = undefined;
    try {
      const parameters = { status: ['resolved', 'cleared', 'dismissed'], sort: 'newest', limit: 200, cursor };
      const { items, next } = await get<ExceptionPage>('/exceptions', parameters);
      this.exceptions = new Map([...before, ...items.map((item) => [item.id, item] as const)]);
      this.#next = next;
      this.loaded = true;
    } catch (error) {
      this.error = error;
    } finally {
      this.#busy = false;
    }
  }
}
