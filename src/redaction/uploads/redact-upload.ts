import type { Readable } from 'node:stream';

import { ProxyError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import { redactMultipart } from './redact-multipart.ts';
import type { UploadRedaction } from './upload-redaction.ts';

/**
 * An upload whose body is redacted on its way, and what is binary as it is; anything else that was not read is refused. Of an upload in parts each part is scanned
 * by itself: what is cut by the end of one is not found, and if the length of text changes, the upstream refuses to
 * complete an upload whose bytes were declared. Throws `malformed_multipart` and `unscannable_upload`; what is
 * wrong within the body ends its stream.
 */
export function redactUpload(exchange: Exchange, redaction: UploadRedaction): Exchange {
  const { body, headers } = exchange;
  if (body.kind !== 'unread') return exchange;
  const type = String(headers['content-type'] ?? '')
    .split(';', 1)[0]!
    .trim()
    .toLowerCase();
  if (type !== 'multipart/form-data') {
    if (binaryType.test(type)) return exchange;
    throw new ProxyError('unscannable_upload', {
      message: 'A body of this content type can not be scanned for personal data. Send JSON, or a form.',
    });
  }
  const { 'content-length': _, 'content-encoding': encoding, ...others } = headers;
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ProxyError('unscannable_upload', {
      message: 'A compressed upload can not be scanned for personal data. Leave out Content-Encoding.',
    });
  }
  const open = () => redactMultipart(body.source.open(), String(headers['content-type'] ?? ''), redaction);
  const source = { open, collect: (maxBytes: number) => collect(open(), maxBytes) };
  return { ...exchange, headers: others, body: { kind: 'unread', source } };
}

/** What holds no text that is looked at, be it in a form or by itself. */
const binaryType =
  /^(?:image|audio|video|font)\/|^application\/(?:octet-stream|pdf|zip|gzip|sdp|vnd\.openxmlformats-.*)$/;

async function collect(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) throw new ProxyError('body_too_large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
