import { backtestQuerySchema } from '@plumbline/contracts';
import { zoneOf } from '@plumbline/kernel';
import { backtestLines } from '../backtest-text.ts';
import type { Call } from '../call.ts';
import { EXIT } from '../exit.ts';
import { fitting } from '../usage.ts';
import { atTower } from './at-tower.ts';

export interface BacktestOptions {
  budget?: string;
  tolerance?: string;
  days: number;
  rule?: string[];
  json?: boolean;
}

/** `plumbline exceptions backtest` */
export async function backtest(call: Call, id: string, { json: _, ...given }: BacktestOptions): Promise<number> {
  const query = fitting(backtestQuerySchema, given);
  return atTower(call, async ({ services }) => {
    const answer = await services.backtest.answer(id, query);
    if (call.json) call.terminal.json(answer);
    else call.terminal.print(...backtestLines(call.terminal, answer, zoneOf(answer.timezone)));
    return EXIT.ok;
  });
}
