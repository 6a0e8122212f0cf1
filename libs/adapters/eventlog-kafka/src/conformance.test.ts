import { connect, type Socket } from 'node:net';
import {
  eventLogConformance,
  javaAvailable,
  startKafka,
  type EventLogHarness,
  type KafkaServer,
} from '@plumbline/testkit';
import { afterAll, expect, it } from 'vitest';
import { openKafkaLog } from './kafka-log.ts';

/** A broker of ours lets sessions end sooner than the six seconds a cluster usually insists on. */
const SHORT_SESSION_MS = 2000;

if (javaAvailable()) {
  let server: Promise<KafkaServer> | undefined;
  const kafka = (): Promise<KafkaServer> => (server ??= startKafka());
  afterAll(async () => {
    if (server) await (await server).stop();
  });
  const session = process.env.KAFKA_BROKERS ? {} : { sessionTimeoutMs: SHORT_SESSION_MS };
  eventLogConformance('kafka', async () => harness(await kafka()), session);
} else {
  it('skipped: no Java', ({ skip }) => {
    expect(process.env.CI, 'Java 17 must be there when CI=true').not.toBe('true');
    skip('no Java');
  });
}

function harness(server: KafkaServer): EventLogHarness {
  const line = new Line();
  const log = openKafkaLog({ brokers: server.brokers, socketFactory: line.socket, commitIntervalMs: 200 });
  let crashed = false;
  return {
    log,
    breakConnection: () => (server.external ? line.cut() : server.kill()),
    restore: () => (server.external ? line.mend() : server.restart()),
    crash: () => {
      crashed = true;
      return line.cut();
    },
    // A crashed client cannot end in good order: its handler is stuck and the broker out of its reach.
    close: async () => {
      const closing = log.close();
      if (!crashed) await closing;
    },
  };
}

/** The network of one client, which can be cut without the other side hearing anything from the client again. */
class Line {
  private readonly sockets = new Set<Socket>();
  private isCut = false;

  readonly socket = ({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }): Socket => {
    const socket = connect({ host, port }, onConnect);
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    if (this.isCut) socket.destroy(new Error('the line is cut'));
    return socket;
  };

  cut(): Promise<void> {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy(new Error('the line is cut'));
    return Promise.resolve();
  }

  mend(): Promise<void> {
    this.isCut = false;
    return Promise.resolve();
  }
}
