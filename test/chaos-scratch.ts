import { DAY_MS, formatInstant, monthOf } from '@plumbline/kernel';
import { DemoFeed, demoPlan, demoSchedule, makeRetailer } from '@plumbline/simulator';
import { planRecords, planShelf } from './replay/detect-driver.ts';
import { TowerDriver } from './replay/tower-driver.ts';
import { parseDay } from '@plumbline/kernel';
const [, , skus = '400', volume = '1', tick = '300', days = '14', seed='1', cv='0.02'] = process.argv;
const begin = parseDay('2026-11-16') * DAY_MS;
const from = begin - 14 * DAY_MS;
const retailer = makeRetailer({ seed: Number(seed), skus: Number(skus), volume: Number(volume) });
const version = demoPlan(retailer, monthOf(from / DAY_MS), 18, { errorCv: Number(cv) });
const plans = planShelf([version]);
const feed = new DemoFeed({ retailer, partitions: 1, from, tickSeconds: Number(tick), causes: demoSchedule(retailer, begin, 1) });
const tower = new TowerDriver(1, plans);
tower.append(planRecords(version.id, plans.hashes[0]!, from, 1));
const t = performance.now();
let td = 0, tr = 0, tf = 0;
while (feed.at < begin + Number(days) * DAY_MS) {
  const a = performance.now();
  tower.append(feed.advance(feed.at + 6 * 3_600_000));
  const b = performance.now();
  await tower.detect.run(); tower.detect.commitAll(false);
  const c = performance.now();
  tower.detect.forget();
  await tower.rollUp();
  tf += b - a; td += c - b; tr += performance.now() - c;
}
console.log('feed', tf|0, 'detect', td|0, 'rollup', tr|0, 'total', (performance.now() - t)|0, feed.counts.lines, tower.ticks);
for (const c of feed.injected()) console.log(formatInstant(c.from), formatInstant(c.to), c.id, JSON.stringify(c.expected), c.factor);
for (const { at, exception: e } of tower.raised) {
  const last = tower.exceptions.get(e.id)!;
  console.log(formatInstant(at), e.id, e.kind, e.altitude, JSON.stringify(e.scope), e.headline, '->', last.status, last.headline, last.updatedAt);
}
