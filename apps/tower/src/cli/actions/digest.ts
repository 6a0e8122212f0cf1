import type { Call } from '../call.ts';
import { pairs } from '../table.ts';
import { atTower } from './at-tower.ts';

/** `plumbline digest` */
export const digest = (call: Call): Promise<number> =>
  atTower(call, async ({ services, progress }) => {
    progress.phase('digest', 'reading exceptions, actuals and dead letters');
    const hashes = await services.actuals.digest();
    progress.end();
    if (call.json) call.terminal.json(hashes);
    else call.terminal.print(...pairs([['exceptions', hashes.exceptions], ['actuals', hashes.actuals], ['dead letters', hashes.deadLetters]]));
    return 0;
  });
