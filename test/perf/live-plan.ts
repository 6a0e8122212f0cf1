import { encodeSale } from '@plumbline/contracts';
import { Random, type Instant } from '@plumbline/kernel';
import { buildVersion, type PlanVersion } from '@plumbline/plan';

const FAMILIES = 6;
const SKUS = 12;
const LOCATIONS = 200;
/** Families that hardly sell: a burst of lines in one of them is a cause of its own. */
const QUIET = 40;
const PRICE = 25_000;

/** A retailer that sells at a steady pace day and night, so that the load is on plan whenever it runs. */
export function steadyPlan(linesPerSecond: number, createdAt: Instant, month: number): PlanVersion {
  const perLeaf = (linesPerSecond * 86_400) / (FAMILIES * SKUS * LOCATIONS);
  const product = (sku: string, family: string, dailyLines: number) => ({ sku, family, name: sku, unit: 'each' as const, price: PRICE, dailyLines });
  return buildVersion({
    id: 'P-BENCH',
    name: 'Steady retailer',
    currency: 'EUR',
    createdAt,
    products: [
      ...Array.from({ length: FAMILIES * SKUS }, (_, i) => product(skuOf(i), `Family ${i % FAMILIES}`, perLeaf)),
      ...Array.from({ length: QUIET }, (_, i) => product(quietSku(i), `Quiet ${i}`, 0.1)),
    ],
    locations: Array.from({ length: LOCATIONS }, (_, i) => ({ code: locationOf(i), region: `Region ${i % 4}`, name: `Store ${i}`, zone: 'UTC', factor: 1 })),
    profile: { weekday: [1, 1, 1, 1, 1, 1, 1], hour: Array.from({ length: 24 }, () => 1), alpha: 0.1 },
    months: { from: month, to: month + 2 },
  });
}

const skuOf = (i: number): string => `S-${i}`;
export const quietSku = (i: number): string => `Q-${i}`;
const locationOf = (i: number): string => `L-${i}`;

/** Sales lines of one unit as NDJSON. */
export class SteadySales {
  readonly #random = new Random(1);
  #sent = 0;

  /** Anything of the families that sell. */
  lines(count: number, at: Instant): Uint8Array {
    return this.#body(count, () => this.#sale(skuOf(this.#random.below(FAMILIES * SKUS)), this.#random.below(LOCATIONS), at));
  }

  /** More of one quiet product in one place than its plan has for months. */
  burst(i: number, count: number, at: Instant): Uint8Array {
    return this.#body(count, () => this.#sale(quietSku(i % QUIET), i % LOCATIONS, at));
  }

  #sale(sku: string, location: number, time: Instant): Uint8Array {
    const id = String(this.#sent++);
    return encodeSale({ type: 'pos.sale', id, source: 'urn:bench', time, sku, location: locationOf(location), quantity: 1000, price: PRICE, currency: 'EUR' });
  }

  #body(count: number, sale: () => Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let i = 0; i < count; i++) parts.push(sale(), NEW_LINE);
    return Buffer.concat(parts);
  }
}

const NEW_LINE = Uint8Array.of(10);
