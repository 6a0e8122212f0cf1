import { perform } from './cli/perform.ts';
import { readArguments } from './cli/program.ts';
import { Terminal } from './cli/terminal.ts';
import { isMainThread, workerData } from 'node:worker_threads';

if (isMainThread) await main();
else await (await import('./roll-up-thread.ts')).rollUpThread(workerData);

async function main(): Promise<void> {
  // A reader that has seen enough (`plumbline exceptions list | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

  const request = readArguments(process.argv.slice(2), {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    columns: process.stdout.columns,
  });
  if ('exit' in request) {
    process.exitCode = request.exit;
  } else {
    const { runProcess } = await import('@plumbline/runtime');
    const terminal = new Terminal(process.stdout, process.stderr, process.env);
    await runProcess((signal) => perform(request.action, { terminal, env: process.env, signal, json: request.json }));
  }
}
