import type { Terminal } from './terminal.ts';

/** What every action gets besides its own arguments. */
export interface Call {
  terminal: Terminal;
  env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the person presses Ctrl-C or the process is asked to end. */
  signal: AbortSignal;
  /** Print data for programs. */
  json: boolean;
}

/** A command that was chosen, with its arguments bound; resolves to the exit code. */
export type Chosen = (call: Call) => Promise<number>;

/**
 * Takes what was chosen. `load` imports the module of the action, so that reading the arguments, and the help, cost
 * nothing of what the commands themselves need.
 */
export type Choose = (json: boolean | undefined, action: Chosen) => void;
