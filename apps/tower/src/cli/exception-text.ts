import type { Attribution, Evidence, Exception, ExceptionDetail, ExceptionTransition } from '@plumbline/contracts';
import { parseInstant, type Instant, type Zone } from '@plumbline/kernel';
import { exactMoney, grouped, moment, percent, plural, scopeText, shortMoney } from './amounts.ts';
import { pairs, table } from './table.ts';
import { wrap, type Terminal, type Tone } from './terminal.ts';

/** Sign beside the colour, so that meaning never hangs on colour alone. */
const MARKS = { over: '▲', under: '▼', alert: '!' } as const;

/** Above plan, below plan, or a feed that cannot be trusted. */
export function directionOf({ kind, variancePercent }: Pick<Exception, 'kind' | 'variancePercent'>): keyof typeof MARKS {
  if (kind === 'feed-silence') return 'alert';
  return kind === 'demand-surge' || (kind !== 'demand-drop' && variancePercent > 0) ? 'over' : 'under';
}

/** A row of figures for each exception and its sentence below. `now` is the tower's time. */
export function listLines(terminal: Terminal, exceptions: readonly Exception[], zone: Zone, now: Instant): string[] {
  const [head, ...rows] = table<Exception>(
    [
      { head: ' ', cell: (exception) => MARKS[directionOf(exception)] },
      { head: 'ID', cell: ({ id }) => id },
      { head: 'STATUS', cell: (exception) => statusOf(exception, now) },
      { head: 'OFF PLAN', align: 'right', cell: (exception) => (exception.kind === 'feed-silence' ? 'silent' : percent(exception.variancePercent / 100)) },
      { head: 'AT RISK', align: 'right', cell: ({ valueAtRisk, currency }) => shortMoney(valueAtRisk, currency) },
      { head: 'OWNER', cell: ({ owner }) => owner ?? '', most: 16 },
      { head: `SINCE (${zone.id})`, cell: ({ since }) => moment(since, zone) },
    ],
    exceptions,
  );
  const sentence = ({ headline }: Exception): string[] => wrap(headline, terminal.width - 3).map((line) => `   ${line}`);
  return [terminal.tone('quiet', head!), ...rows.flatMap((row, i) => [terminal.tone(toneOf(exceptions[i]!), row), ...sentence(exceptions[i]!)])];
}

/** Everything there is to know of one exception, and why it fired. */
export function detailLines(terminal: Terminal, exception: ExceptionDetail, zone: Zone, now: Instant): string[] {
  const { id, attribution, evidence, evidenceCount, recommendedActions, transitions } = exception;
  const title = (text: string): string[] => ['', terminal.tone('strong', text)];
  return [
    `${terminal.tone(toneOf(exception), `${MARKS[directionOf(exception)]} ${id}`)}  ${statusOf(exception, now)}`,
    ...wrap(exception.headline, terminal.width).map((line) => terminal.tone('strong', line)),
    '',
    ...pairs(figuresOf(exception, zone)).flatMap((line) => wrap(line, terminal.width, ' '.repeat(16))),
    ...title('Why it fired'),
    ...wrap(reasonOf(exception), terminal.width),
    ...(attribution.length === 0 ? [] : [...title('What moved it'), ...attributionLines(attribution)]),
    ...(evidence.length === 0 ? [] : [...title(`Evidence (${plural(evidenceCount, 'part')})`), ...evidenceLines(evidence, zone)]),
    ...(recommendedActions.length === 0 ? [] : [...title('What to do'), ...recommendedActions.map((action) => `- ${action}`)]),
    ...title(`History (${zone.id})`),
    ...historyLines(transitions, zone),
  ];
}

const toneOf = (exception: Exception): Tone => directionOf(exception);

const statusOf = ({ status, snoozedUntil }: Exception, now: Instant): string => (snoozedUntil !== null && parseInstant(snoozedUntil) > now ? `${status}, snoozed` : status);

function figuresOf(exception: ExceptionDetail, zone: Zone): [string, string][] {
  const { kind, altitude, scope, owner, snoozedUntil, reason, since, raisedAt, updatedAt, expected, actual, variance, variancePercent, measure } = exception;
  const optional = (name: string, value: string | null): [string, string][] => (value === null ? [] : [[name, value]]);
  return [
    ['what', `${kind} of ${scopeText(scope)} (${altitude})`],
    ...optional('owner', owner),
    ...optional('snoozed until', snoozedUntil === null ? null : moment(snoozedUntil, zone)),
    ...optional('reason', reason),
    ['since', `${moment(since, zone)} ${zone.id}, raised ${moment(raisedAt, zone)}, as of ${moment(updatedAt, zone)}`],
    ['plan', `${grouped(expected)} ${measure} of ${exception.planVersion.name} (${exception.planVersion.id})`],
    ['actual', `${grouped(actual)} ${measure}, ${grouped(variance)} or ${percent(variancePercent / 100)}`],
    ['at risk', exactMoney(exception.valueAtRisk, exception.currency)],
    ['sells at', `${factor(exception.ratio)} times plan (80 % range ${factor(exception.ratioLow)} to ${factor(exception.ratioHigh)})`],
  ];
}

/** Statistics are natural logarithms; people compare them with the threshold, not with anything absolute. */
function reasonOf({ statistic, peakStatistic, threshold, probability, reopened }: ExceptionDetail): string {
  const again = reopened === 0 ? '' : ` It was reopened ${plural(reopened, 'time')}.`;
  const peak = `The evidence reached ${peakStatistic.toFixed(1)} where ${threshold.toFixed(1)} was needed (natural logarithms); it stands at ${statistic.toFixed(1)} now.`;
  return `${peak} It is real with a probability of ${Math.round(probability * 100)} %.${again}`;
}

const attributionLines = (parts: readonly Attribution[]): string[] =>
  table<Attribution>(
    [
      { head: 'PART', cell: ({ label }) => label, most: 40 },
      { head: 'LINES OFF PLAN', align: 'right', cell: ({ variance }) => decimal(variance) },
      { head: 'SHARE', align: 'right', cell: ({ share }) => percent(share) },
    ],
    parts,
  );

const evidenceLines = (children: readonly Evidence[], zone: Zone): string[] =>
  table<Evidence>(
    [
      { head: 'WHERE', cell: ({ scope }) => scopeText(scope), most: 40 },
      { head: 'KIND', cell: ({ kind }) => kind },
      { head: 'EXPECTED', align: 'right', cell: ({ expected }) => decimal(expected) },
      { head: 'ACTUAL', align: 'right', cell: ({ actual }) => decimal(actual) },
      { head: 'EVIDENCE', align: 'right', cell: ({ statistic }) => decimal(statistic) },
      { head: 'FIRED', cell: ({ firedAt }) => moment(firedAt, zone) },
    ],
    children,
  );

const historyLines = (steps: readonly ExceptionTransition[], zone: Zone): string[] =>
  table<ExceptionTransition>(
    [
      { head: 'WHEN', cell: ({ at }) => moment(at, zone) },
      { head: 'WHAT', cell: ({ action }) => action },
      { head: 'STATUS', cell: ({ to }) => to },
      { head: 'BY', cell: ({ by }) => by ?? 'the tower' },
      { head: 'NOTE', cell: ({ note }) => note ?? '' },
    ],
    steps,
  );

const decimal = (value: number): string => grouped(value.toFixed(1));
const factor = (value: number): string => value.toFixed(2);
