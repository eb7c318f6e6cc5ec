import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Lifetime } from '../../harness/lifetime.ts';

export interface StandingForService {
  /** Where the API server finds whatever the Service selects. */
  readonly port: number;
  /** Ports of the loopback that connections go to in turn. None: nobody can be reached. */
  setTargets(ports: readonly number[]): void;
  /** Whoever has one open has to connect again. */
  breakConnections(): void;
  /** The same, but for who is to call at once: resolves when nobody has an old one left to call on. */
  endConnections(): Promise<void>;
}

/** Does what kube-proxy does on a node: passes each connection on to one of a Service's pods. */
export async function standForService(lifetime: Lifetime): Promise<StandingForService> {
  let targets: readonly number[] = [];
  let turn = 0;
  const sockets = new Set<Socket>();
  const callers = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((socket) => {
    keep(socket);
    callers.add(socket);
    socket.once('close', () => callers.delete(socket));
    turn += 1;
    const port = targets[turn % Math.max(1, targets.length)];
    if (port === undefined) return void socket.resetAndDestroy();
    const onward = connect(port, '127.0.0.1');
    keep(onward);
    socket.on('error', () => onward.destroy()).pipe(onward);
    onward.on('error', () => socket.resetAndDestroy()).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const breakConnections = () => sockets.forEach((socket) => void socket.destroy());
  lifetime.after(async () => {
    breakConnections();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    setTargets: (ports) => (targets = ports),
    breakConnections,
    async endConnections() {
      // One that the other side has closed as well is gone from here, if all that it said was read.
      for (const socket of callers) socket.end().resume();
      for (let waits = 0; callers.size > 0 && waits < 100; waits += 1) await sleep(10);
      breakConnections();
    },
  };
}
