import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Choose } from '../call.ts';
import type { ReplayArguments } from '../actions/replay.ts';
import type { StartOptions } from '../actions/start.ts';
import { currencyCode, explained, JSON_OPTION, whole } from './options.ts';

/** `start`, `replay`, `digest`, `doctor`. */
export function towerCommands(program: Command, choose: Choose): void {
  const start = program
    .command('start')
    .description('start the tower: database, event log, streams, API and the demo retailer, until Ctrl-C')
    .option('--port <n>', 'port of the API (PLUMBLINE_PORT, default 7070)')
    .option('--host <address>', 'address the API binds to (PLUMBLINE_HOST, default 127.0.0.1)')
    .option('--data <folder>', 'folder of the embedded database (PLUMBLINE_DATA, default .plumbline)')
    .option('--no-demo', 'without the demo retailer (PLUMBLINE_DEMO=off)');
  explained(start, ['start', 'start --no-demo --port 8080'], 'All settings are environment variables: "plumbline doctor" checks them,\nthe README has their table.');
  start.action((options: StartOptions) => choose(false, async (call) => (await import('../actions/start.ts')).start(call, options)));
  replayCommand(program, choose);
  const digest = program.command('digest').description('a SHA-256 each of exceptions with their history, actuals and dead letters: equal input gives equal digests').option(...JSON_OPTION);
  explained(digest, ['digest', 'digest --json']);
  digest.action((options: { json?: boolean }) => choose(options.json, async (call) => (await import('../actions/digest.ts')).digest(call)));
  const doctor = program.command('doctor').description('check configuration, database, event log, streams and versions, and say what to do').option(...JSON_OPTION);
  explained(doctor, ['doctor', 'doctor --json'], 'Nothing is created or changed by looking. Warnings do not keep the tower from running;\nwith --json they are findings that are ok and have a fix.');
  doctor.action((options: { json?: boolean }) => choose(options.json, async (call) => (await import('../actions/doctor.ts')).doctor(call)));
}

function replayCommand(program: Command, choose: Choose): void {
  const replay = program
    .command('replay')
    .argument('<file>', 'CSV of sales lines, plain or gzip')
    .description('send a file of sales through the same log and streams as live events, and say what came out')
    .addOption(new Option('--format <name>', 'a known format').choices(['online-retail']).conflicts('map'))
    .option('--map <columns>', 'which column is what, separated by commas: sku=…, location=…, time=…, quantity=…, price=…; optionally family=…, region=…, id=…', columns)
    .option('--timezone <zone>', 'IANA zone of local times in the file (default: UTC; online-retail: Europe/London)')
    .option('--speed <max|n>', 'as fast as it goes, or n seconds of the file a second', speed, 'max')
    .option('--plan <rolling|version|none>', 'derive and commit a plan at each month boundary, or use a version', 'rolling')
    .option('--isolated', 'on a throw-away instance that leaves nothing behind', false)
    .addOption(new Option('--log <kind>', 'event log, in place of PLUMBLINE_LOG').choices(['embedded', 'kafka']))
    .option('--currency <code>', 'of the prices, such as EUR', currencyCode)
    .option('--partitions <n>', 'partitions of a topic that is created for it', whole(1, 1024))
    .option(...JSON_OPTION);
  explained(
    replay,
    ['replay online_retail.csv.gz --format online-retail --isolated', 'replay sales.csv --map sku=article,location=store,time=at,quantity=qty,price=net \\\n      --timezone Europe/Paris'],
    'Negative quantities are returns. A second replay of the same file changes nothing.',
  );
  replay.action((file: string, options: ReplayArguments & { json?: boolean }) => choose(options.json, async (call) => (await import('../actions/replay.ts')).replay(call, file, options)));
}

const COLUMNS = ['sku', 'location', 'time', 'quantity', 'price', 'family', 'region', 'id'] as const;
const NEEDED = ['sku', 'location', 'time', 'quantity'] as const;
type ColumnNames = { [K in (typeof COLUMNS)[number]]?: string };

/** `sku=Article,location=Store, No.` → an object; a comma within a column's name is one unless a known word and = follow. */
export function columns(text: string): ColumnNames & Record<(typeof NEEDED)[number], string> {
  const parts = text.split(new RegExp(`,(?=\\s*\\w+=)`));
  const found: ColumnNames = {};
  for (const part of parts) {
    const [, name, column] = /^\s*(\w+)=(.*)$/.exec(part) ?? [];
    const known = COLUMNS.find((candidate) => candidate === name);
    if (known === undefined) throw new InvalidArgumentError(`"${part}" is not one of ${COLUMNS.join(', ')}, followed by = and a column's name.`);
    if (found[known] !== undefined) throw new InvalidArgumentError(`${known} is there twice.`);
    if (!column?.trim()) throw new InvalidArgumentError(`${known} has no column's name.`);
    found[known] = column.trim();
  }
  const missing = NEEDED.filter((name) => found[name] === undefined);
  if (missing.length > 0) throw new InvalidArgumentError(`It does not say which column is ${listOf(missing)}.`);
  return found as ReturnType<typeof columns>;
}

export function speed(text: string): number | 'max' {
  if (text === 'max') return 'max';
  const value = Number(text.replace(/x$/, ''));
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be max, or how many seconds of the file go by in a second, such as 3600.');
}

const listOf = (names: readonly string[]): string => (names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`);
