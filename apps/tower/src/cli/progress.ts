import { Presets, SingleBar } from 'cli-progress';
import type { Terminal } from './terminal.ts';

/** How long work that takes a while shows itself. */
export interface Progress {
  /** A step begins: "database", "embedded PostgreSQL in .plumbline". */
  phase(name: string, detail?: string): void;
  /** `share` 0…1 of the step, with what there is to say about it. */
  share(share: number, text: string): void;
  /** Takes away what is drawn; call it before anything else is printed. */
  end(): void;
}

/**
 * A bar that moves where somebody watches. Elsewhere plain lines, and those only where a step is `told`: a short
 * command says nothing.
 */
export function progressOn(terminal: Terminal, { told }: { told: boolean }): Progress {
  if (terminal.watched) return new Drawn();
  return told ? new Told(terminal) : { phase: () => {}, share: () => {}, end: () => {} };
}

class Drawn implements Progress {
  #bar: SingleBar | undefined;
  #phase = '';

  phase(name: string, detail?: string): void {
    this.end();
    this.#phase = name;
    process.stderr.write(`\r\u001b[2K  ${name.padEnd(9)} ${detail ?? ''}`);
  }

  share(share: number, text: string): void {
    if (!this.#bar) {
      process.stderr.write('\r\u001b[2K');
      const format = `  ${this.#phase.padEnd(9)} {bar} {percentage} %  {text}`;
      this.#bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, clearOnComplete: true, barsize: 20, etaBuffer: 1, autopadding: true }, Presets.shades_classic);
      this.#bar.start(1000, 0, { text });
    }
    this.#bar.update(Math.round(share * 1000), { text });
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
    process.stderr.write('\r\u001b[2K');
  }
}

/** A line at each tenth. */
class Told implements Progress {
  readonly #terminal: Terminal;
  #phase = '';
  #said = '';
  #tenth = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  phase(name: string, detail?: string): void {
    this.#phase = name;
    this.#tenth = 0;
    const line = `  ${name.padEnd(9)} ${detail ?? ''}`.trimEnd();
    if (line !== this.#said) this.#terminal.remark(line);
    this.#said = line;
  }

  share(share: number, text: string): void {
    const tenth = Math.floor(share * 10 + 1e-9);
    if (tenth <= this.#tenth) return;
    this.#tenth = tenth;
    this.#terminal.remark(`  ${this.#phase.padEnd(9)} ${tenth * 10} %  ${text}`);
  }

  end(): void {}
}
