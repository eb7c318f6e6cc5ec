import { Readable } from 'node:stream';

import type { Detector, Finding } from '../../../src/redaction/detector.ts';
import { redactMultipart } from '../../../src/redaction/uploads/redact-multipart.ts';
import type { UploadRedaction } from '../../../src/redaction/uploads/upload-redaction.ts';

const detector: Detector = { find: findEmails };

/** Addresses of e-mail, and nothing else, become `[EMAIL]`. */
export const plainRedaction: UploadRedaction = {
  ...detector,
  replace: (found) => found.map(({ entity }) => `[${entity}]`),
  redactJson(json) {
    return JSON.stringify(JSON.parse(json), (_key, value: unknown) =>
      typeof value === 'string' ? maskEmails(value) : value,
    );
  },
};

export function findEmails(text: string): Finding[] {
  return [...text.matchAll(/[a-z]{1,20}@[a-z]{1,20}\.example/g)].map(({ 0: { length }, index }) => ({
    entity: 'EMAIL',
    from: index,
    end: index + length,
    score: 1,
  }));
}

export function maskEmails(text: string): string {
  return text.replaceAll(/[a-z]{1,20}@[a-z]{1,20}\.example/g, '[EMAIL]');
}

export const boundary = '----form-a1';
export const contentType = `multipart/form-data; boundary=${boundary}`;

export interface Part {
  /** What follows `form-data`. */
  readonly disposition: string;
  readonly type?: string;
  readonly content: string | Buffer;
}

/** A file by its name. */
export function file(fileName: string, content: string | Buffer, type?: string): Part {
  const disposition = `; name="file"; filename="${fileName}"`;
  return { disposition, content, ...(type === undefined ? {} : { type }) };
}

export function field(name: string, content: string): Part {
  return { disposition: `; name="${name}"`, content };
}

export function bodyOf(parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap(({ disposition, type, content }) => [
    `--${boundary}\r\nContent-Disposition: form-data${disposition}\r\n`,
    type === undefined ? '' : `Content-Type: ${type}\r\n`,
    '\r\n',
    content,
    '\r\n',
  ]);
  return Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)));
}

/** Cut before each of these places. */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

/** What comes out; rejects with what the stream fails with. */
export async function redact(
  chunks: readonly Buffer[],
  redaction: UploadRedaction = plainRedaction,
  type: string = contentType,
): Promise<Buffer> {
  const stream = redactMultipart(Readable.from(chunks, { objectMode: false }), type, redaction);
  return Buffer.concat((await stream.toArray()) as Buffer[]);
}

export async function redactParts(
  parts: readonly Part[],
  redaction: UploadRedaction = plainRedaction,
): Promise<string> {
  return (await redact([bodyOf(parts)], redaction)).toString();
}
