import type { Feed, FeedsAnswer, Scope } from '@plumbline/contracts';
import { viewerZone } from '#format/times.ts';
import { get } from './api.ts';

export interface Place {
  name: string;
  region: string;
  /** IANA */
  zone: string;
}

/** Locations of the plan in force by code: their names and their clocks. Asked for once a page, when first needed. */
class Places {
  byCode = $state.raw<ReadonlyMap<string, Place>>(new Map());
  #asked: Promise<void> | undefined;

  /** Answers when they are known, or could not be learned (then they are asked for again the next time). */
  known(): Promise<void> {
    this.#asked ??= get<FeedsAnswer>('/feeds')
      .then(({ items }) => {
        this.byCode = new Map(items.map(({ location, name, region, timezone }: Feed) => [location, { name, region, zone: timezone }]));
      })
      .catch(() => {
        this.#asked = undefined;
      });
    return this.#asked;
  }

  /** The clock of a scope: of its location, or of all its locations if they share one; else the viewer's. */
  zoneOf({ location, region }: Pick<Scope, 'location' | 'region'>): string {
    if (location !== undefined) return this.byCode.get(location)?.zone ?? viewerZone;
    const zones = new Set<string>();
    for (const place of this.byCode.values()) if (region === undefined || place.region === region) zones.add(place.zone);
    return zones.size === 1 ? [...zones][0]! : viewerZone;
  }
}

export const places = new Places();
