import { DecodedEvent, EventDecoder, RETURN, SALE, unpackCurrency } from '@plumbline/contracts';
import { KeyTable, type BusinessDay } from '@plumbline/kernel';
import { SalesHistoryBuilder, type PlanVersion, type SalesHistory } from '@plumbline/plan';
import type { Source } from './source.ts';

/** Family of SKUs and region of locations that no plan has named yet. */
const UNASSIGNED = 'Unassigned';
/** Records of each partition looked at for the currency sales are in. */
const CURRENCY_RECORDS = 500;

/** Sales of the days [from, to) as the store has them, read a day at a time. */
export async function historyOf(source: Source, base: PlanVersion | undefined, from: BusinessDay, to: BusinessDay): Promise<SalesHistory> {
  const products = new Map(base?.products.map((product) => [product.sku, product]));
  const locations = new Map(base?.locations.map((location) => [location.code, location]));
  const builder = new SalesHistoryBuilder({
    product: (sku) => products.get(sku) ?? { family: UNASSIGNED, unit: 'each', name: sku },
    location: (code) => locations.get(code) ?? { region: UNASSIGNED, zone: source.config.zone, name: code },
  });
  for (let day = from; day < to; day++) {
    const rows = await source.store.actuals({ fromDay: day, toDay: day + 1, bucket: 'hour', by: ['sku', 'location'] });
    for (const { sku = '', location = '', hour = -1, lines, units, revenue } of rows) {
      // Hours with returns alone say nothing of demand.
      if (lines > 0) builder.add(sku, location, day, hour, lines, units, revenue);
    }
  }
  return builder.history();
}

/** The currency of the latest sale in the log, for a first plan; undefined when there is none near its end. */
export async function currencyOfSales({ log, config }: Source): Promise<string | undefined> {
  const decoder = new EventDecoder({ skus: new KeyTable(), locations: new KeyTable(), sources: new KeyTable() });
  const event = new DecodedEvent();
  for (const { partition, low, high } of await log.offsets(config.topic)) {
    const records = await log.read(config.topic, partition, Math.max(low, high - CURRENCY_RECORDS), CURRENCY_RECORDS);
    for (const { value, headers } of records.reverse()) {
      const fault = decoder.decode(value, (name) => headers?.[name], event);
      if (!fault && (event.kind === SALE || event.kind === RETURN)) return unpackCurrency(event.currency);
    }
  }
  return undefined;
}
