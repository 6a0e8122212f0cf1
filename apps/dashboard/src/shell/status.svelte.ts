import type { Status } from '@plumbline/contracts';
import { get } from '#live/api.ts';
import { live } from '#live/live.svelte.ts';
import { Speed } from './speed.ts';

/** What live messages do not carry: how fast events come in, and how much is watched. */
const EVERY = 4_000;

class TowerStatus {
  /** A second of the viewer's clock; undefined while unknown. */
  eventsPerSecond = $state<number | undefined>();
  /** SKU-locations of the plan in force. */
  series = $state<number | undefined>();
  readonly #speed = new Speed();

  follow(): () => void {
    const ask = (): void => {
      if (document.hidden) return;
      get<Status>('/status').then(
        ({ counters, plan }) => {
          this.eventsPerSecond = this.#speed.see(Date.now(), counters.accepted);
          this.series = plan?.series;
        },
        () => (this.eventsPerSecond = undefined),
      );
    };
    void live.drawn.then(ask);
    const timer = setInterval(ask, EVERY);
    return () => clearInterval(timer);
  }
}

export const status = new TowerStatus();
