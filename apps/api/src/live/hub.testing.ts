import { deltaMessageSchema, partMessageSchema, snapshotMessageSchema, type DeltaMessage, type Exception, type Figures, type LookersMessage, type PartMessage, type SnapshotMessage, type StaleMessage } from '@plumbline/contracts';
import { expect } from 'vitest';
import type { Hub, Joining } from './hub.ts';
import type { Line, Viewer } from './viewer.ts';

/** A line that keeps what came; it acknowledges at once, or when it is told to. */
export class LineClient implements Line {
  readonly messages: { name: string; message: SnapshotMessage & DeltaMessage & LookersMessage; done: () => void }[] = [];
  readonly told: StaleMessage[] = [];
  readonly has = new Map<string, Exception>();
  change: number | undefined;
  /** Of the snapshot, still to come. */
  rest = 0;
  figures: Partial<Figures> | null = null;
  dropped = false;
  unacknowledged = 0;
  readonly viewer: Viewer;

  constructor(
    readonly hub: Hub,
    joining: Partial<Joining> = {},
    public reads = true,
  ) {
    this.viewer = hub.join(this, { watch: { figures: 'tiles' }, ...joining });
  }

  send(name: 'snapshot' | 'part' | 'delta' | 'lookers', message: SnapshotMessage | PartMessage | DeltaMessage | LookersMessage, acknowledged: () => void): void {
    expect(++this.unacknowledged).toBe(1);
    const sent = { name, message: message as SnapshotMessage & DeltaMessage & LookersMessage, done: acknowledged };
    this.messages.push(sent);
    if (this.reads) setImmediate(() => this.read());
  }

  /** Applies the message that is there, and says so. */
  read(): void {
    const { name, message, done } = this.messages.at(-1)!;
    if (this.unacknowledged === 0) return;
    if (name === 'snapshot') this.#snapshot(snapshotMessageSchema.parse(message));
    if (name === 'part') this.#part(partMessageSchema.parse(message));
    if (name === 'delta') this.#delta(deltaMessageSchema.parse(message));
    this.unacknowledged = 0;
    done();
  }

  stale(message: StaleMessage): void {
    this.told.push(message);
  }

  drop(): void {
    this.dropped = true;
  }

  get names(): string[] {
    return this.messages.map(({ name }) => name);
  }

  #snapshot(message: SnapshotMessage): void {
    this.has.clear();
    for (const exception of message.exceptions) this.has.set(exception.id, exception);
    this.change = message.change;
    this.rest = message.rest;
    this.figures = message.figures;
  }

  #part(message: PartMessage): void {
    expect(message.rest).toBeLessThan(this.rest);
    for (const exception of message.exceptions) {
      const known = this.has.get(exception.id);
      if (!known || known.change < exception.change) this.has.set(exception.id, exception);
    }
    this.rest = message.rest;
  }

  #delta(message: ReturnType<typeof deltaMessageSchema.parse>): void {
    expect(message.from).toBe(this.change);
    for (const exception of message.exceptions) {
      expect(exception.change).toBeGreaterThan(message.from);
      if (exception.status === 'open') this.has.set(exception.id, exception);
      else this.has.delete(exception.id);
    }
    this.change = message.change;
    if (message.figures) this.figures = { ...this.figures, ...(message.figures as Partial<Figures>) };
  }
}
