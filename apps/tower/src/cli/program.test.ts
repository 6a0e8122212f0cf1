import { expect, it } from 'vitest';
import { columns, speed } from './commands/tower.ts';
import { span } from './commands/options.ts';
import { startLines } from './actions/start.ts';
import { readArguments, type Request } from './program.ts';

function read(...args: string[]): { request: Request; out: string; err: string } {
  let [out, err] = ['', ''];
  const request = readArguments(args, { out: (text) => (out += text), err: (text) => (err += text) });
  return { request, out, err };
}

const COMMANDS = [
  [],
  ['start'],
  ['replay'],
  ['digest'],
  ['doctor'],
  ['plan'],
  ...['import', 'derive', 'commit', 'list', 'show', 'diff'].map((name) => ['plan', name]),
  ['exceptions'],
  ...['list', 'show', 'ack', 'assign', 'start', 'resolve', 'dismiss', 'snooze', 'comment', 'reopen'].map((name) => ['exceptions', name]),
  ['dead-letters'],
  ...['list', 'redrive'].map((name) => ['dead-letters', name]),
];

it.each(COMMANDS.map((command) => ({ command, name: command.join(' ') || 'plumbline' })))('has help with examples and exit codes: $name', ({ command }) => {
  const { request, out } = read(...command, '--help');
  expect(request).toEqual({ exit: 0 });
  expect(out).toContain(`Usage: plumbline ${command.join(' ')}`.trim());
  expect(out).toMatch(/Examples:\n {2}\$ plumbline /);
  expect(out).toContain('Exit codes: 0 done');
  const longest = Math.max(...out.split('\n').map((line) => line.length));
  expect(longest).toBeLessThanOrEqual(100);
});

it.each([
  ['nonsense'],
  ['plan', 'nonsense'],
  [''],
  ['start', '--nonsense'],
  ['replay'],
  ['replay', 'a.csv', '--map', 'sku=a'],
  ['replay', 'a.csv', '--format', 'online-retail', '--map', 'sku=a,location=b,time=c,quantity=d'],
  ['replay', 'a.csv', '--speed', '-1'],
  ['replay', 'a.csv', '--log', 'rabbit'],
  ['replay', 'a.csv', '--currency', 'euro'],
  ['exceptions', 'dismiss', 'X-1'],
  ['exceptions', 'resolve', 'X-1'],
  ['exceptions', 'assign', 'X-1'],
  ['exceptions', 'ack'],
  ['exceptions', 'snooze', 'X-1', '--for', '4', '--until', '2026-11-24'],
  ['exceptions', 'list', '--limit', '0'],
  ['plan', 'diff', 'a'],
].map((args) => ({ args, name: args.join(' ') })))('refuses wrong usage with exit code 2: $name', ({ args }) => {
  const { request, err } = read(...args);
  expect(request).toEqual({ exit: 2 });
  expect(err).not.toBe('');
});

it('reads a command without running it', () => {
  expect(read('exceptions', 'list', '--json', '--status', 'open,cleared').request).toMatchObject({ json: true });
  expect(read('digest').request).toMatchObject({ json: false });
  expect(read('--version').request).toEqual({ exit: 0 });
});

it('reads the map of columns', () => {
  expect(columns('sku=Article No,location=Store, name,time=t,quantity=q, price=p')).toEqual({ sku: 'Article No', location: 'Store, name', time: 't', quantity: 'q', price: 'p' });
  for (const wrong of ['', 'sku', 'sku=a', 'sku=a,sku=b,location=c,time=d,quantity=e', 'colour=a', 'sku=,location=b,time=c,quantity=d']) {
    expect(() => columns(wrong)).toThrow();
  }
});

it('reads spans and speeds', () => {
  expect([span('90m'), span('4h'), span('1.5d'), span('1w')]).toEqual([5_400_000, 14_400_000, 129_600_000, 604_800_000]);
  expect([speed('max'), speed('3600'), speed('60x')]).toEqual(['max', 3600, 60]);
  for (const wrong of ['4', 'h', '-1h', '0d']) expect(() => span(wrong)).toThrow();
  for (const wrong of ['0', 'fast', '']) expect(() => speed(wrong)).toThrow();
});

it('tells the progress of a start in tenths, or redraws it where somebody watches', () => {
  const lines = ['  api       x', ...[0, 4, 9, 10, 11, 55, 100].map((share) => `  demo      history: ${share} %`), 'Plumbline is running'];
  const tell = (watchedOut: boolean): string[] => {
    const said: string[] = [];
    lines.forEach(startLines({ watchedOut, print: (...more) => void said.push(...more), redraw: (line) => void said.push(`↑${line}`) }));
    return said;
  };
  expect(tell(false)).toEqual([0, 1, 4, 6, 7, 8].map((i) => lines[i]));
  expect(tell(true)).toEqual([lines[0], lines[1], ...lines.slice(2, 8).map((line) => `↑${line}`), lines[8]]);
});
