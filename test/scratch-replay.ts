import { runReplay } from '../apps/tower/src/replay/index.ts';
const log = (process.argv[3] ?? 'embedded') as 'embedded'|'kafka';
const s = await runReplay(process.argv[2]!, { speed: 'max', plan: (process.argv[4] ?? 'rolling'), isolated: true, log, onPhase: (a,b)=>console.error(a,b??''), onProgress: (p)=>{ if (p.lines%100000===0) console.error(p.lines, new Date(p.at).toISOString(), p.secondsLeft); }, signal: new AbortController().signal });
console.log(JSON.stringify(s,null,1));
process.exit(0);
