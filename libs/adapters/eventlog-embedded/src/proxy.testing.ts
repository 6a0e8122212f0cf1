import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Proxy {
  /** The URL given, leading through the proxy. */
  url: string;
  /** Cuts what is open and refuses what is new. */
  break(): void;
  restore(): void;
  close(): Promise<void>;
}

/** A way to a database that a test can cut, so that one client loses it while the others keep it. */
export async function proxyTo(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let broken = false;
  const server = createServer((near) => {
    if (broken) return void near.destroy();
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => undefined); // followed by close
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  const cut = () => {
    broken = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    break: cut,
    restore: () => {
      broken = false;
    },
    close: () => {
      cut();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}
