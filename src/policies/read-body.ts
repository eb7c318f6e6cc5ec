import { isUtf8 } from 'node:buffer';

import { ProxyError } from '../errors.ts';
import { type Exchange, type Policy, type RequestBody, beginWait, endWait } from '../exchange.ts';
import { timed } from '../telemetry/tracing.ts';

/**
 * Reads a JSON body whole and parses it, once, for the policies below. Every other body stays on the wire.
 * Refuses what the operation can't take: a wrong content type, a compressed or malformed body, one over
 * `maxBodyBytes`.
 */
export function readBody(maxBodyBytes: number, readsUnknown: boolean): Policy {
  return (next) => async (exchange) => {
    const { body } = exchange;
    if (body.kind !== 'unread') return next(exchange);
    const type = mediaType(exchange.headers['content-type']);
    refuseUnfitType(exchange, type);
    if (!isRead(exchange, type, readsUnknown)) return next(exchange);
    const { record, span } = exchange;
    let bytes: Buffer;
    beginWait(record);
    try {
      bytes = await timed(span, 'read body', () => body.source.collect(maxBodyBytes));
    } finally {
      endWait(record);
    }
    return next({ ...exchange, body: bytes.length === 0 ? { kind: 'none' } : parse(bytes) });
  };
}

function refuseUnfitType({ operation, headers }: Exchange, type: string): void {
  const { requestBody } = operation;
  if (requestBody !== 'json' && requestBody !== 'multipart') return;
  const expected = requestBody === 'json' ? 'application/json' : 'multipart/form-data';
  if (type !== expected) {
    throw new ProxyError('unsupported_media_type', { message: `${operation.name} takes ${expected}.` });
  }
  // A compressed body would pass unread by whoever has to count or redact it.
  const encoding = headers['content-encoding'];
  if (requestBody === 'json' && encoding !== undefined && encoding !== 'identity') {
    throw new ProxyError('unsupported_media_type', {
      message: 'A JSON body must not be compressed on its way to the sidecar. Leave out Content-Encoding.',
    });
  }
}

/** A body of an operation that nobody knows is nobody's to read, unless all has to be, whatever it calls itself. */
function isRead({ operation }: Exchange, type: string, readsUnknown: boolean): boolean {
  if (operation.requestBody === 'json') return true;
  if (type === 'application/json') return operation.usage !== null || readsUnknown;
  return readsUnknown && (type === '' || type.endsWith('+json'));
}

function mediaType(contentType: string | string[] | undefined): string {
  if (contentType === 'application/json') return contentType;
  return String(contentType ?? '')
    .split(';', 1)[0]!
    .trim()
    .toLowerCase();
}

function parse(bytes: Buffer): RequestBody {
  if (!isUtf8(bytes)) throw new ProxyError('malformed_json');
  try {
    return { kind: 'json', bytes, value: JSON.parse(bytes.toString('utf8')) };
  } catch {
    // The parser's own message quotes the body, which must not reach a log: so no cause here.
    throw new ProxyError('malformed_json');
  }
}
