import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { HubObserver } from './hub.ts';
import type { SnapshotReason } from './viewer.ts';

/** What is read when Prometheus asks. */
export interface LiveStanding {
  readonly clients: number;
  unacknowledgedMs(): number;
}

/** The live channel in Prometheus' figures. */
export class LiveMetrics implements HubObserver {
  readonly #sent: Counter;
  readonly #snapshots: Counter;
  readonly #figures: Histogram;
  #standing: LiveStanding | undefined;

  constructor(registry: Registry) {
    const registers = [registry];
    const standing = (): LiveStanding | undefined => this.#standing;
    this.#sent = new Counter({ name: 'plumbline_live_messages_total', help: 'Live messages sent, by kind', labelNames: ['kind'], registers });
    this.#snapshots = new Counter({ name: 'plumbline_live_snapshots_total', help: 'Snapshots sent, by the reason for them', labelNames: ['reason'], registers });
    this.#figures = new Histogram({
      name: 'plumbline_event_to_socket_seconds',
      help: 'From accepting an event to sending figures that count it: the first event of each message',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 10],
      registers,
    });
    new Gauge({
      name: 'plumbline_live_clients',
      help: 'Clients that have joined the live channel of this process',
      registers,
      collect() {
        this.set(standing()?.clients ?? 0);
      },
    });
    new Gauge({
      name: 'plumbline_live_unacknowledged_seconds',
      help: 'Age of the oldest live message that its client has not acknowledged',
      registers,
      collect() {
        this.set((standing()?.unacknowledgedMs() ?? 0) / 1000);
      },
    });
  }

  follow(standing: LiveStanding): void {
    this.#standing = standing;
  }

  sent(kind: 'snapshot' | 'part' | 'delta' | 'lookers' | 'stale'): void {
    this.#sent.inc({ kind });
  }

  snapshot(reason: SnapshotReason): void {
    this.#snapshots.inc({ reason });
  }

  figuresSent(accepted: number): void {
    this.#figures.observe(Math.max(0, Date.now() - accepted) / 1000);
  }
}
