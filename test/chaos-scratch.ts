import { formatInstant } from '@plumbline/kernel';
import { storyLog, storyPlans } from './replay/story.ts';
import { TowerDriver } from './replay/tower-driver.ts';
const t = performance.now();
const tower = new TowerDriver(1, storyPlans);
let n = 0;
for (const step of storyLog(1)) { n += step.length; tower.append(step); }
console.log(n, 'records built', performance.now() - t);
await tower.detect.run(); tower.detect.commitAll(true);
console.log('detect', performance.now() - t);
await tower.rollUp();
console.log('rollup', performance.now() - t, tower.ticks);
for (const { at, exception: e } of tower.raised) console.log(formatInstant(at), e.id, e.kind, e.altitude, JSON.stringify(e.scope), e.headline);
for (const x of tower.transitions) console.log(JSON.stringify(x));
console.log(tower.refused);
console.log(tower.detect.counters());
