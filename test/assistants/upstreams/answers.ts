import {
  type WireEvent,
  completed,
  created,
  itemEvents,
  message,
  textPart,
} from '../models/response-fixtures.ts';
import type { Answering } from './troubled-run.ts';

/** Streams these events, and ends unless told otherwise. */
export function events(...told: readonly (object | string | Buffer)[]): Answering {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of told) response.write(bytesOf(event));
    response.end();
  };
}

export function bytesOf(event: object | string | Buffer): string | Buffer {
  return typeof event === 'string' || Buffer.isBuffer(event) ? event : `data: ${JSON.stringify(event)}\n\n`;
}

export function status(code: number, error: object, headers: Record<string, string> = {}): Answering {
  return (response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ error: { message: 'No.', type: 'x', param: null, code: null, ...error } }));
  };
}

export const reset: Answering = (response) => response.socket?.resetAndDestroy();
export const silence: Answering = () => {};

export function call(id: string, args: string, more: object = {}) {
  return { type: 'function_call', id: `fc_${id}`, call_id: id, name: 'weather', arguments: args, ...more };
}

/** A whole answer of these items. */
export function answerOf(
  ...items: readonly (ReturnType<typeof call> | ReturnType<typeof message>)[]
): Answering {
  return events(...wholeEvents(...items));
}

export function wholeEvents(
  ...items: readonly (ReturnType<typeof call> | ReturnType<typeof message>)[]
): WireEvent[] {
  return [created, ...items.flatMap((item, index) => itemEvents(item, index)), completed(...items)];
}

export const asksForWeather = answerOf(call('call_1', '{"city":"Rome"}'));
export const saysHi = answerOf(message(textPart('Hi')));
