import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Listens on any free port, and tells the parent process where. Ends with the parent. */
export function listening(server: Server, path: string): void {
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}${path}` })}\n`);
  });
  process.on('disconnect', () => process.exit(0));
}
