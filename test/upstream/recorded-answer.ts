import { once } from 'node:events';

import { openSocket } from '../harness/raw.ts';

/** An answer as it travelled, and what it says. */
export interface RecordedAnswer {
  /** Status line, headers and body with its framing. */
  readonly bytes: Buffer;
  /** Where the headers end. */
  readonly bodyAt: number;
  readonly body: Buffer;
}

/** What has come of an answer. */
export interface ReadAnswer {
  /** 0 if not even the headers are whole. */
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** Without its framing. */
  readonly body: Buffer;
  readonly bodyAt: number;
  /** The framing says that this is all of it. */
  readonly isWhole: boolean;
}

/** Sends a request and keeps what comes back until the answer is whole. */
export async function recordAnswer(port: number, request: string): Promise<RecordedAnswer> {
  const socket = await openSocket(port);
  socket.write(request);
  let bytes: Buffer = Buffer.alloc(0);
  let answer = readAnswer(bytes);
  while (!answer.isWhole) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
    answer = readAnswer(bytes);
  }
  socket.destroy();
  return { bytes, bodyAt: answer.bodyAt, body: answer.body };
}

/** By hand, since every client hides what is of interest here: the exact bytes, and whether they are all. */
export function readAnswer(bytes: Buffer): ReadAnswer {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1)
    return { status: 0, headers: new Map(), body: Buffer.alloc(0), bodyAt: 0, isWhole: false };
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const bodyAt = headEnd + 4;
  const framed = bytes.subarray(bodyAt);
  const length = headers.get('content-length');
  const read =
    length === undefined ? unchunk(framed) : { body: framed, isWhole: framed.length >= Number(length) };
  return { status: Number(statusLine.split(' ')[1]), headers, bodyAt, ...read };
}

/** RFC 9112, 7.1; what has come of a chunk counts before the rest of it has. */
function unchunk(framed: Buffer): { body: Buffer; isWhole: boolean } {
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = framed.indexOf('\r\n', at);
    if (lineEnd === -1) return { body: Buffer.concat(pieces), isWhole: false };
    const size = Number.parseInt(framed.toString('latin1', at, lineEnd), 16);
    if (size === 0) {
      const isWhole = framed.indexOf('\r\n\r\n', lineEnd) === lineEnd;
      return { body: Buffer.concat(pieces), isWhole };
    }
    pieces.push(framed.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
