import type { Exception, Watch } from '@plumbline/contracts';

export type FiguresLevel = Watch['figures'];

/** A client's watch, ready to be asked about each exception. */
export interface Watching {
  readonly figures: FiguresLevel;
  /** Equal for watches that let the same exceptions through. */
  readonly key: string;
  sees(exception: Exception): boolean;
}

const PLACES = ['family', 'region', 'location', 'sku'] as const;

export function watchingOf(watch: Watch): Watching {
  const kinds = watch.kind && new Set<string>(watch.kind);
  const places = PLACES.flatMap((name) => (watch[name] ? [{ name, wanted: new Set(watch[name]) }] : []));
  const key = JSON.stringify([...(kinds ?? [])].sort()) + JSON.stringify(places.map(({ name, wanted }) => [name, [...wanted].sort()]));
  return {
    figures: watch.figures,
    key,
    sees: ({ kind, scope }) =>
      (!kinds || kinds.has(kind)) &&
      places.every(({ name, wanted }) => {
        const place = scope[name];
        return place !== undefined && wanted.has(place);
      }),
  };
}
