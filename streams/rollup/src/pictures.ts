import { Picture, type SkuPicture } from '@plumbline/exceptions';
import { PICTURE_DAYS, type Sight } from './sight.ts';
import type { SkuDays } from './sku-days.ts';

/** The past days of what a picture shows, kept until something is said otherwise of them. */
interface Past extends SkuPicture {
  latest: number;
  places: number;
  sku: number;
}

/** Pictures for the search, as drawn anew each time: of their past days most are the same from one to the next. */
export class Pictures {
  #cells: Past | undefined;
  readonly #skus = new WeakMap<SkuDays, Past>();

  /** @param wanted the reported SKUs that take part */
  of(sight: Sight, wanted: (days: SkuDays) => boolean): Picture {
    const { places, latest } = sight;
    const version = sight.version(places.all);
    const size = places.plan.families.length * places.plan.locations.length;
    const fits = (past: Past | undefined, sku: number): past is Past => past?.latest === latest && past.places === version && past.sku === sku;
    if (!fits(this.#cells, 0)) {
      this.#cells = empty(size, latest, version, 0);
      sight.fillCells(this.#cells.lines, this.#cells.expected, 1);
    }
    const cells = copy(this.#cells!);
    sight.fillCells(cells.lines, cells.expected, 0);
    const skus = new Map<number, SkuPicture>();
    for (const days of sight.skus.all.values()) {
      if (!wanted(days)) continue;
      let past = this.#skus.get(days);
      if (!fits(past, days.version)) {
        past = empty(places.plan.locations.length, latest, version, days.version);
        sight.fillSku(past, days, 1);
        this.#skus.set(days, past);
      }
      const picture = copy(past);
      sight.fillSku(picture, days, 0);
      skus.set(days.sku, picture);
    }
    return new Picture(places, PICTURE_DAYS, cells.lines, cells.expected, skus);
  }
}

const empty = (width: number, latest: number, places: number, sku: number): Past => ({
  latest,
  places,
  sku,
  lines: new Float64Array(PICTURE_DAYS * width),
  expected: new Float64Array(PICTURE_DAYS * width),
});

const copy = ({ lines, expected }: SkuPicture): SkuPicture => ({ lines: lines.slice(), expected: expected.slice() });
