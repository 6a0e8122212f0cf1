import { PlumblineError, zoneOf } from '@plumbline/kernel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytes, exactMoney, fixed, grouped, moment, percent, plural, scopeText, secondsLeft, shortMoney } from './amounts.ts';
import { detailLines, directionOf, listLines } from './exception-text.ts';
import { exceptionOf, raisedOf } from './exception.testing.ts';
import { exitCodeOf } from './exit.ts';
import { pairs, table } from './table.ts';
import { Terminal, widthOf, wrap } from './terminal.ts';

const utc = zoneOf('UTC');

/** A terminal that keeps what is written to it. */
function kept(out: { isTTY?: boolean; columns?: number } = {}, env: Record<string, string> = {}): { terminal: Terminal; said: () => string } {
  let text = '';
  const stream = { ...out, write: (more: string) => (text += more) };
  return { terminal: new Terminal(stream, stream, env), said: () => text };
}

it('shortens money and keeps its sign and currency', () => {
  expect(['3180.5', '0', '999.4', '999.6', '-48200', '1250000', '2000000000'].map((decimal) => shortMoney(decimal, 'EUR'))).toEqual(['€3.2k', '€0', '€999', '€1k', '−€48k', '€1.3m', '€2bn']);
  expect(shortMoney('850', 'CHF')).toBe('CHF\u202f850');
  expect(exactMoney('-3180.55', 'GBP')).toBe('−£3,180.55');
});

it('writes figures as they are read', () => {
  expect([grouped('1234567.25'), grouped('-1000'), fixed('12.5', 3)]).toEqual(['1,234,567.25', '−1,000', '12.500']);
  expect([percent(-0.3805), percent(2.1), percent(0)]).toEqual(['−38\u202f%', '+210\u202f%', '0\u202f%']);
  expect([plural(1, 'line'), plural(2400, 'line'), plural(2, 'family', 'families')]).toEqual(['1 line', '2,400 lines', '2 families']);
  expect([bytes(1.23e9), bytes(52e6), bytes(900)]).toEqual(['1.2\u202fGB', '52\u202fMB', '0.9\u202fkB']);
  expect([secondsLeft(0.2), secondsLeft(89), secondsLeft(91), secondsLeft(7200)]).toEqual(['1 s', '89 s', '2 min', '2 h']);
  expect(moment('2026-07-01T22:30:00Z', zoneOf('Europe/Paris'))).toBe('2026-07-02 00:30');
  expect([{ sku: 'A', location: 'L' }, { family: 'F', region: 'R' }, { region: 'R' }, {}].map(scopeText)).toEqual(['A at L', 'F in R', 'R', 'everything']);
});

it('aligns tables, numbers to the right, and leaves out empty columns', () => {
  const lines = table(
    [
      { head: 'NAME', cell: (row: { name: string; n: string }) => row.name, most: 6 },
      { head: 'N', align: 'right', cell: ({ n }) => n },
      { head: 'EMPTY', cell: () => '' },
    ],
    [
      { name: 'short', n: '7' },
      { name: 'much longer', n: '1,200' },
    ],
  );
  expect(lines).toEqual(['NAME        N', 'short       7', 'much …  1,200']);
  expect(pairs([['a', '1'], ['long', ['2', '3']]])).toEqual(['a     1', 'long  2', '      3']);
});

it('wraps at spaces, never beyond the width, and loses no word', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', 'é', '€', '−') }), { minLength: 1, maxLength: 30 }), fc.integer({ min: 12, max: 60 }), (words, width) => {
      const lines = wrap(words.join(' '), width);
      expect(lines.join(' ').split(' ')).toEqual(words);
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width);
    }),
  );
});

it('uses colour on a terminal only, and never against NO_COLOR', () => {
  const shown = (out: object, env = {}): string => kept(out, env).terminal.tone('alert', 'x');
  expect(shown({ isTTY: true })).not.toBe('x');
  expect([shown({}), shown({ isTTY: true }, { NO_COLOR: '1' }), shown({ isTTY: true }, { TERM: 'dumb' })]).toEqual(['x', 'x', 'x']);
  expect(widthOf(shown({ isTTY: true }))).toBe(1);
});

it('lists exceptions as figures and a sentence each', () => {
  const silent = exceptionOf(2, { kind: 'feed-silence', headline: 'Lyon is silent for 4 hours: 611 sales expected since 11:00.', owner: 'maria' });
  const lines = listLines(kept().terminal, [exceptionOf(1, { snoozedUntil: '2026-11-24T00:00:00Z' }), silent], utc, Date.UTC(2026, 10, 23, 15));
  expect(lines).toEqual([
    '   ID   STATUS         OFF PLAN  AT RISK  OWNER  SINCE (UTC)',
    '▼  X-1  open, snoozed     −38\u202f%    €3.2k         2026-11-23 09:40',
    `   ${exceptionOf(1).headline}`,
    '!  X-2  open             silent    €3.2k  maria  2026-11-23 09:40',
    '   Lyon is silent for 4 hours: 611 sales expected since 11:00.',
  ]);
  expect(directionOf({ kind: 'demand-surge', variancePercent: 40 })).toBe('over');
});

it('shows why an exception fired, in lines that fit', () => {
  const lines = detailLines(kept({ isTTY: true, columns: 72 }, { NO_COLOR: '1' }).terminal, { ...exceptionOf(1, { reason: 'known' }), transitions: [raisedOf('X-1', 1)] }, utc, 0);
  const text = lines.join('\n');
  for (const part of ['Why it fired', 'reached 12.5', '9.2 was needed', 'Store 17', '+71\u202f%', 'B-1 at S17', 'De-expedite', 'the tower', '€3,180.5', 'known', '−253']) {
    expect(text).toContain(part);
  }
  expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(80);
});

it('maps errors to exit codes', () => {
  const codes = ['usage', 'exception-unknown', 'file-missing', 'command-refused', 'plan-faults', 'data-in-use'].map((code) => exitCodeOf(new PlumblineError(code, 'x')));
  expect(codes).toEqual([2, 3, 3, 4, 4, 1]);
  expect(exitCodeOf(new Error('x'))).toBe(1);
});
