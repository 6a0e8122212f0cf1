import type { BacktestAnswer, BacktestRule } from '@plumbline/contracts';
import { formatDay, parseInstant, type Zone } from '@plumbline/kernel';
import { moment, plural } from './amounts.ts';
import { table } from './table.ts';
import { wrap, type Terminal } from './terminal.ts';

/** A sentence that compares, then a row for each rule. */
export function backtestLines(terminal: Terminal, answer: BacktestAnswer, zone: Zone): string[] {
  const { exceptionId, since, rules } = answer;
  const [head, ...rows] = table<BacktestRule>(
    [
      { head: 'RULE', cell: ({ name }) => name },
      { head: `FIRED (${zone.id})`, cell: ({ fired }) => (fired === null ? 'never' : moment(fired, zone)) },
      { head: 'AFTER', align: 'right', cell: ({ delayHours }) => (delayHours === null ? '' : delay(delayHours)) },
      { head: 'BEFORE IT', align: 'right', cell: ({ falseAlarmsBefore }) => plural(falseAlarmsBefore, 'alarm') },
      { head: 'ALARMS', align: 'right', cell: ({ alarms }) => String(alarms.length) },
    ],
    rules,
  );
  const heading = `${exceptionId}: begun ${moment(since, zone)}, judged from ${formatDay(zone.dayOf(parseInstant(answer.from)))} on.`;
  return [
    terminal.tone('strong', heading),
    ...wrap(comparison(rules), terminal.width),
    '',
    terminal.tone('quiet', head!),
    ...rows,
    '',
    ...rules.flatMap(({ name, description }) => wrap(`${name}: ${description}`, terminal.width, '  ')),
  ];
}

/** How the tower compares with the other rules, in one sentence. */
export function comparison(rules: readonly BacktestRule[]): string {
  const tower = rules.find(({ id }) => id === 'tower');
  const others = rules.filter(({ id }) => id !== 'tower');
  if (!tower || others.length === 0) return 'There is nothing to compare: name the tower and another rule, or no rule at all.';
  const own = tower.delayHours ?? Infinity;
  const hours = (rule: BacktestRule): number => rule.delayHours ?? Infinity;
  const later = others.filter((rule) => hours(rule) > own);
  const never = later.filter(({ fired }) => fired === null);
  const sooner = others.filter((rule) => hours(rule) < own);
  const noisy = others.filter(({ falseAlarmsBefore }) => falseAlarmsBefore > tower.falseAlarmsBefore);
  const parts = [
    later.length === 0 ? 'no rule later' : `${later.length} of ${plural(others.length, 'rule')} later${never.length === 0 ? '' : `, ${never.length} of them never`}`,
    ...(sooner.length === 0 ? [] : [`${names(sooner)} sooner`]),
    ...(noisy.length === 0 ? [] : [`${plural(noisy.length, 'rule')} with more alarms before anything had happened`]),
  ];
  return `The tower fired ${tower.delayHours === null ? 'before the change had begun' : `${delay(own)} after the change had begun`}; ${parts.join('; ')}.`;
}

const names = (rules: readonly BacktestRule[]): string => rules.map(({ name }) => name).join(', ');

/** "40 min", "5 h", "2.7 days". */
function delay(hours: number): string {
  if (hours < 1) return `${Math.round(hours * 60)} min`;
  return hours < 48 ? `${Math.round(hours * 10) / 10} h` : `${(hours / 24).toFixed(1)} days`;
}
