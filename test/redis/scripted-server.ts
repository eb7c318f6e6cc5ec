import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** A Redis that shakes hands as it should, and answers scripts with the bytes that it is told to. */
export async function startScriptedServer(
  test: TestContext,
  answer: (socket: Socket) => string,
): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      // Commands come as arrays of texts; their names are enough.
      for (const [, name] of data.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        socket.write(
          replyTo(name!.toLowerCase(), () => answer(socket)),
          'latin1',
        );
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `redis://127.0.0.1:${address.port}`;
}

function replyTo(name: string, answer: () => string): string {
  switch (name) {
    case 'hello':
      return '-NOPROTO sorry\r\n';
    case 'info':
      return '$9\r\nloading:0\r\n';
    case 'evalsha':
    case 'eval':
      return answer();
    default:
      return '+OK\r\n';
  }
}
