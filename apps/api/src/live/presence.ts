/** What one API replica tells the others: who looks at which exception through it. Always all of it. */
export interface Announcement {
  replica: string;
  /** Rises with each announcement: they may overtake one another. */
  sequence: number;
  /** Exception id → names of viewers. */
  looking: Record<string, string[]>;
}

export interface PresenceOptions<Token> {
  /** Names this process among its replicas. */
  replica: string;
  /** Monotonic milliseconds. */
  now: () => number;
  announce(announcement: Announcement): void;
  /** Tells one viewer of this replica who looks at what it looks at. */
  tell(viewer: Token, exceptionId: string, names: string[]): void;
}

/** Changes within this time are told together. */
const GATHER_MS = 50;
/** A replica that has not been heard for some of these has gone without saying so. */
const HEARTBEAT_MS = 5000;
const SILENT_MS = 2.5 * HEARTBEAT_MS;

/**
 * Who looks at which exception, over all API replicas. Each replica announces all of its own now and then and whenever
 * that changes, so a lost announcement is made good by the next.
 */
export class Presence<Token> {
  readonly #options: PresenceOptions<Token>;
  readonly #here = new Map<Token, { exceptionId: string; by: string | undefined }>();
  readonly #there = new Map<string, Announcement & { heardAt: number }>();
  readonly #changed = new Set<string>();
  readonly #heartbeat: NodeJS.Timeout;
  #sequence = 0;
  #announce = true;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: PresenceOptions<Token>) {
    this.#options = options;
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
    this.#soon();
  }

  /** A viewer has another exception on screen, or none (null). */
  look(viewer: Token, by: string | undefined, exceptionId: string | null): void {
    const before = this.#here.get(viewer);
    if (before) this.#changed.add(before.exceptionId);
    if (exceptionId === null) this.#here.delete(viewer);
    else {
      this.#here.set(viewer, { exceptionId, by });
      this.#changed.add(exceptionId);
    }
    if (!before && exceptionId === null) return;
    this.#announce = true;
    this.#soon();
  }

  /** Another replica's announcement. */
  hear(announcement: Announcement): void {
    const { replica, sequence, looking } = announcement;
    if (replica === this.#options.replica || this.#closed) return;
    const before = this.#there.get(replica);
    if (before && before.sequence >= sequence) return;
    this.#there.set(replica, { ...announcement, heardAt: this.#options.now() });
    this.#compare(before?.looking ?? {}, looking);
    // One that is new here has not heard us either.
    if (!before) this.#announce = true;
    this.#soon();
  }

  /** All who look at an exception, each name once, sorted. */
  names(exceptionId: string): string[] {
    const names = new Set<string>();
    for (const viewer of this.#here.values()) if (viewer.exceptionId === exceptionId && viewer.by !== undefined) names.add(viewer.by);
    for (const { looking } of this.#there.values()) for (const name of looking[exceptionId] ?? []) names.add(name);
    return [...names].sort();
  }

  /** Tells the others that nobody looks through this replica any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#timer);
    this.#here.clear();
    this.#send();
  }

  #compare(before: Announcement['looking'], after: Announcement['looking']): void {
    for (const id of Object.keys({ ...before, ...after })) {
      if (JSON.stringify(before[id]) !== JSON.stringify(after[id])) this.#changed.add(id);
    }
  }

  #beat(): void {
    const { now } = this.#options;
    for (const [replica, { heardAt, looking }] of this.#there) {
      if (now() - heardAt < SILENT_MS) continue;
      this.#there.delete(replica);
      this.#compare(looking, {});
    }
    this.#announce = true;
    this.#soon();
  }

  #soon(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, GATHER_MS);
  }

  #flush(): void {
    if (this.#announce) this.#send();
    if (this.#changed.size === 0) return;
    for (const [viewer, { exceptionId }] of this.#here) {
      if (this.#changed.has(exceptionId)) this.#options.tell(viewer, exceptionId, this.names(exceptionId));
    }
    this.#changed.clear();
  }

  #send(): void {
    this.#announce = false;
    const looking: Record<string, string[]> = {};
    for (const { exceptionId, by } of this.#here.values()) if (by !== undefined) (looking[exceptionId] ??= []).push(by);
    for (const names of Object.values(looking)) names.sort();
    this.#options.announce({ replica: this.#options.replica, sequence: ++this.#sequence, looking });
  }
}
