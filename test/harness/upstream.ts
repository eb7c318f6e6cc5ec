import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo, type Server, type Socket, createServer as createSocketServer } from 'node:net';

import type { Lifetime } from './lifetime.ts';

export interface Upstream {
  /** With `/v1`. */
  readonly url: string;
  readonly port: number;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** An HTTP upstream that does what one test needs. */
export function startUpstream(lifetime: Lifetime, listener: Listener): Promise<Upstream> {
  const server = createServer((request, response) => {
    // A request that breaks off while it is read is the test's subject, not its failure.
    Promise.resolve(listener(request, response)).catch(() => response.destroy());
  });
  lifetime.after(async () => {
    server.closeAllConnections();
    server.close();
  });
  return listening(server);
}

/** An upstream below HTTP, for answers that no HTTP server would give. */
export function startSocketUpstream(
  lifetime: Lifetime,
  onSocket: (socket: Socket) => void,
): Promise<Upstream> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    onSocket(socket);
  });
  lifetime.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return listening(server);
}

function listening(server: Server): Promise<Upstream> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({ url: `http://127.0.0.1:${port}/v1`, port });
    });
  });
}

export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

export function answerJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
