import { tally, type Tally } from './tally.ts';
import { live } from './live.svelte.ts';
import { viewer } from './viewer.svelte.ts';

/** Counts that several places of the page show, made once for each state of the tower. */
class Counts {
  readonly #tally = $derived(tally(live.exceptions, viewer.name));

  get now(): Tally {
    return this.#tally;
  }
}

export const counts = new Counts();
