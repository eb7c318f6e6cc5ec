import type { ServerResponse } from 'node:http';

import type { Reply } from './reply.ts';

/** Writes an answer, with backpressure; stops its source when the client goes away. */
export async function writeReply(response: ServerResponse, reply: Reply): Promise<void> {
  if (typeof reply.body === 'string') {
    response.writeHead(reply.status, { ...reply.headers, 'content-length': Buffer.byteLength(reply.body) });
    response.end(reply.body);
    return;
  }
  const length = reply.contentLength === undefined ? {} : { 'content-length': reply.contentLength };
  response.writeHead(reply.status, { ...reply.headers, ...length });
  response.flushHeaders();
  for await (const chunk of reply.body) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

/** Resolves when the response takes more bytes, or never will. */
export function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off('drain', settle).off('close', settle);
      resolve();
    };
    response.on('drain', settle).on('close', settle);
    if (response.destroyed) settle();
  });
}
