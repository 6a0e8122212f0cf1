import { readConfig } from '@plumbline/runtime';
import { runTower } from '../../tower.ts';
import type { Call } from '../call.ts';
import type { Terminal } from '../terminal.ts';

export interface StartOptions {
  port?: string;
  host?: string;
  data?: string;
  demo: boolean;
}

/** `plumbline start`: options stand in for the environment variables of the same meaning. */
export async function start({ env, signal, terminal }: Call, { port, host, data, demo }: StartOptions): Promise<number> {
  const config = readConfig({
    ...env,
    ...(port === undefined ? {} : { PLUMBLINE_PORT: port }),
    ...(host === undefined ? {} : { PLUMBLINE_HOST: host }),
    ...(data === undefined ? {} : { PLUMBLINE_DATA: data }),
    ...(demo ? {} : { PLUMBLINE_DEMO: 'off' }),
  });
  return runTower(config, signal, startLines(terminal), process.argv[1]);
}

const STEP = /^ {2}\S/;
const SHARE = /^(.*): (\d+) %$/;

/**
 * Takes the lines of a start. A step that tells its share is one line that moves where somebody watches, and a line at
 * each tenth elsewhere.
 */
export function startLines(terminal: Pick<Terminal, 'print' | 'redraw' | 'watchedOut'>): (line: string) => void {
  let moving = '';
  let tenth = -1;
  return (line) => {
    const [, step, share] = (STEP.test(line) && SHARE.exec(line)) || [];
    if (step === undefined) {
      moving = '';
      terminal.print(line);
    } else if (terminal.watchedOut) {
      if (moving === step) terminal.redraw(line);
      else terminal.print(line);
      moving = step;
    } else {
      const reached = Math.floor(Number(share) / 10);
      if (moving !== step || reached !== tenth) terminal.print(line);
      [moving, tenth] = [step, reached];
    }
  };
}
