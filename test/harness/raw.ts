import { type Socket, connect } from 'node:net';

/** Bytes to a port of this machine, as they are; no client to correct them. */
export function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

export interface RawAnswer {
  /** Zero if nothing that looks like a status line came. */
  readonly status: number;
  readonly text: string;
  readonly body: string;
  /** `kept`: the connection was still open when the answer was complete. */
  readonly connection: 'kept' | 'closed' | 'reset';
}

/**
 * Sends bytes and collects what comes until the connection ends, or until `settleMs` pass after the last
 * byte. Never rejects: a reset is an answer too.
 */
export async function sendRaw(port: number, bytes: string | Buffer, settleMs = 150): Promise<RawAnswer> {
  const socket = await openSocket(port);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let settled: NodeJS.Timeout | undefined;
    let connection: RawAnswer['connection'] = 'closed';
    const wait = () => {
      clearTimeout(settled);
      settled = setTimeout(() => {
        connection = 'kept';
        socket.destroy();
      }, settleMs);
    };
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      wait();
    });
    socket.on('error', () => (connection = 'reset'));
    socket.on('close', () => {
      clearTimeout(settled);
      const text = Buffer.concat(chunks).toString('latin1');
      const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(text)?.[1] ?? 0);
      resolve({ status, text, body: text.slice(text.indexOf('\r\n\r\n') + 4), connection });
    });
    socket.write(bytes);
    // Long enough for an answer to begin.
    settled = setTimeout(() => socket.destroy(), 5000);
  });
}
