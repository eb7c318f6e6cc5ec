import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { openSocket } from '../../harness/raw.ts';
import type { Input } from './hostile-inputs.ts';
import { type ReferenceRequest, readRequests } from './reference-requests.ts';
import { type ReferenceResponse, readResponses } from './reference-responses.ts';

export interface Played {
  readonly responses: readonly ReferenceResponse[];
  /** Bytes behind the last whole response. */
  readonly rest: string;
  readonly isHung: boolean;
}

/** A caller with one connection at a time, kept for the next input where HTTP allows that. */
export interface Caller {
  play(input: Input): Promise<Played>;
  close(): void;
}

/** Longest wait for an answer or for the connection's end. */
const patienceMs = 20_000;

export function createCaller(port: number): Caller {
  let connection: Connection | undefined;
  return { play, close: () => connection?.socket.destroy() };

  async function play({ bytes, cuts }: Input): Promise<Played> {
    connection = connection?.isReusable() ? connection : await openConnection(port);
    const { requests, rest, methods } = readRequests(bytes);
    const { socket } = connection;
    let read = { responses: [] as ReferenceResponse[], rest: '' };
    const isAnswered = ({ received, isEnded }: Connection): boolean => {
      if (isEnded || received !== '') read = readResponses(received, methods, isEnded);
      return isEnded || read.responses.length >= requests.length;
    };
    await send(socket, bytes, cuts);
    let isHung = !(await connection.until(isAnswered));
    const mayGoOn = rest === 'nothing' && requests.every(keepsOpen) && read.responses.every(leavesOpen);
    if (!mayGoOn && !isHung) {
      // An answer may be on its way for what is left; the end of the caller's bytes makes it come.
      socket.end();
      isHung = !(await connection.until((one) => isAnswered(one) && one.isEnded));
    }
    if (isHung) socket.destroy();
    // Whatever still comes would be taken for an answer to the next input, and be noticed there.
    connection.received = '';
    return { ...read, isHung };
  }
}

function keepsOpen({ version, headers }: ReferenceRequest): boolean {
  return (
    version === '1.1' &&
    !headers.some(([name, value]) => name === 'connection' && /close|upgrade/i.test(value))
  );
}

function leavesOpen({ headers }: ReferenceResponse): boolean {
  return headers.get('connection')?.toLowerCase() !== 'close';
}

async function send(socket: Socket, bytes: string, cuts: readonly number[]): Promise<void> {
  const offsets = cuts.map((cut) => Math.floor(cut * bytes.length)).sort((one, other) => one - other);
  let at = 0;
  for (const offset of offsets) {
    if (offset > at) {
      socket.write(bytes.slice(at, offset), 'latin1');
      await nextTurn();
      await nextTurn();
    }
    at = offset;
  }
  if (at < bytes.length) socket.write(bytes.slice(at), 'latin1');
}

interface Connection {
  readonly socket: Socket;
  received: string;
  isEnded: boolean;
  isReusable(): boolean;
  /** Resolves to false if `isDone` was not true in time. */
  until(isDone: (connection: Connection) => boolean): Promise<boolean>;
}

async function openConnection(port: number): Promise<Connection> {
  const socket = await openSocket(port);
  socket.setNoDelay(true);
  let changed = () => {};
  const connection: Connection = {
    socket,
    received: '',
    isEnded: false,
    isReusable: () => !connection.isEnded && socket.writable,
    until: (isDone) =>
      new Promise((resolve, reject) => {
        const impatient = setTimeout(() => settle(() => resolve(false)), patienceMs);
        changed = check;
        check();
        function check(): void {
          try {
            if (isDone(connection)) settle(() => resolve(true));
          } catch (error) {
            settle(() => reject(error as Error));
          }
        }
        function settle(how: () => void): void {
          clearTimeout(impatient);
          changed = () => {};
          how();
        }
      }),
  };
  socket.on('data', (chunk) => {
    connection.received += chunk.toString('latin1');
    changed();
  });
  // A reset ends the connection as well as a close does.
  socket.on('error', () => {});
  socket.on('close', () => {
    connection.isEnded = true;
    changed();
  });
  return connection;
}
