import type { BacktestAnswer, BacktestRule } from '@plumbline/contracts';
import { zoneOf } from '@plumbline/kernel';
import { expect, it } from 'vitest';
import { backtestLines, comparison } from './backtest-text.ts';
import { Terminal } from './terminal.ts';

const ruleOf = (id: BacktestRule['id'], name: string, delayHours: number | null, falseAlarmsBefore = 0): BacktestRule => ({
  id,
  name,
  description: `${name} looks at it.`,
  parameters: {},
  fired: delayHours === null ? null : '2026-11-23T12:00:00Z',
  alarms: delayHours === null ? [] : ['2026-11-23T12:00:00Z'],
  falseAlarmsBefore,
  delayHours,
});

const tower = ruleOf('tower', 'The tower', 2);

it('says in one sentence how the tower compares', () => {
  const sentence = comparison([tower, ruleOf('e-detector', 'Evidence', 0.5), ruleOf('ewma', 'EWMA', 60, 3), ruleOf('nb-cusum', 'CUSUM', null)]);
  expect(sentence).toBe('The tower fired 2 h after the change had begun; 2 of 3 rules later, 1 of them never; Evidence sooner; 1 rule with more alarms before anything had happened.');
  expect(comparison([ruleOf('tower', 'The tower', 0.25), ruleOf('ewma', 'EWMA', 60)])).toBe('The tower fired 15 min after the change had begun; 1 of 1 rule later.');
  expect(comparison([ruleOf('ewma', 'EWMA', 1)])).toContain('nothing to compare');
});

it('gives a row for each rule, in the zone of the answer', () => {
  const rules = [tower, ruleOf('nb-cusum', 'NB-CUSUM', null, 2)];
  const answer = { exceptionId: 'X-7', since: '2026-11-23T10:00:00Z', from: '2026-11-08T23:00:00Z', timezone: 'Europe/Paris', rules } as BacktestAnswer;
  let text = '';
  const stream = { write: (more: string) => (text += more) };
  const terminal = new Terminal(stream, stream, {});
  terminal.print(...backtestLines(terminal, answer, zoneOf('Europe/Paris')));
  expect(text).toContain('X-7: begun 2026-11-23 11:00, judged from 2026-11-09 on.');
  expect(text).toMatch(/The tower +2026-11-23 13:00 +2 h +0 alarms +1\n/);
  expect(text).toMatch(/NB-CUSUM +never +2 alarms +0\n/);
  expect(text).toContain('NB-CUSUM: NB-CUSUM looks at it.');
});
