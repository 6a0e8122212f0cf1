import type { Call, Chosen } from './call.ts';
import { exitCodeOf } from './exit.ts';

/** Runs what was asked for and tells what went wrong: what, where and what to do. Resolves to the exit code. */
export async function perform(action: Chosen, call: Call): Promise<number> {
  try {
    return await action(call);
  } catch (error) {
    const { explain } = await import('@plumbline/runtime');
    call.terminal.remark(explain(error));
    return exitCodeOf(error);
  }
}
