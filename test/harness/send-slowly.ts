import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** Posts JSON in two pieces with a pause between them; resolves to the answer's text. */
export async function sendSlowly(url: string, body: string, pauseMs: number): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const sending = request(url, { method: 'POST', headers });
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
  sending.write(body.slice(0, 10));
  await sleep(pauseMs);
  sending.end(body.slice(10));
  const [answer] = await answered;
  return text(answer);
}
