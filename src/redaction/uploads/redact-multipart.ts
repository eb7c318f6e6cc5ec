import { Readable } from 'node:stream';

import { ProxyError } from '../../errors.ts';
import { failClosed } from './fail-closed.ts';
import { multipartBoundary } from './multipart-boundary.ts';
import { createMultipartReader } from './multipart-reader.ts';
import { type PartContent, partContent } from './part-content.ts';
import { type HeadField, type PartHead, parsePartHead, readHead, withParameters } from './part-head.ts';
import { extensionThatTells, partKind } from './part-kind.ts';
import { type UploadRedaction, redactText } from './upload-redaction.ts';

/**
 * A multipart/form-data body with its text redacted: form fields, names of files, and files of text; other files flow
 * through as they are. What is held in memory is bounded: a window of text, a line of JSONL, or a JSON document. The
 * boundary stays; the length does not, so a declared one must not be passed on.
 *
 * Throws `malformed_multipart` if the content type names no boundary. The stream fails with that at a body that is
 * not what it should be, with `unscannable_upload` at text that can't be read, and with what `redaction` throws:
 * an error from the table, or else `redaction_failed`. What the upstream was sent until then is no whole body.
 */
export function redactMultipart(source: Readable, contentType: string, redaction: UploadRedaction): Readable {
  const boundary = multipartBoundary(contentType);
  return Readable.from(redacted(source, boundary, failClosed(redaction)), { objectMode: false });
}

async function* redacted(
  source: Readable,
  boundary: string,
  redaction: UploadRedaction,
): AsyncGenerator<Buffer> {
  const reader = createMultipartReader(boundary);
  let content: PartContent | undefined;
  let opening = `--${boundary}\r\n`;
  for await (const chunk of source) {
    for (const event of reader.push(chunk as Buffer)) {
      if (event.kind === 'head') {
        const part = await openPart(event.bytes, redaction);
        content = part.content;
        yield Buffer.from(`${opening}${part.head}\r\n\r\n`);
        opening = `\r\n--${boundary}\r\n`;
        continue;
      }
      const bytes = event.kind === 'data' ? await content!.push(event.bytes) : await content!.end();
      if (bytes.length > 0) yield bytes;
    }
  }
  reader.end();
  yield Buffer.from(`${opening.trimEnd()}--\r\n`);
}

async function openPart(
  bytes: Buffer,
  redaction: UploadRedaction,
): Promise<{ head: string; content: PartContent }> {
  const original = parsePartHead(bytes);
  refuseUnreadable(original);
  const fields = await Promise.all(original.fields.map((field) => redactParameters(field, redaction)));
  const head = { fields };
  const isFile = readHead(head, 'content-disposition', 'filename') !== undefined;
  const name = readHead(head, 'content-disposition', 'name');
  const where = whereOf(isFile ? 'file' : 'form field', name ?? '');
  const lines = fields.map(({ line }) => line).join('\r\n');
  return { head: lines, content: partContent(partKind(original), where, redaction) };
}

/** For messages. A name that is no usual one may be anything, and stays out of them. */
function whereOf(what: string, name: string): string {
  return /^[A-Za-z_][\w.[\]-]{0,40}$/.test(name) ? `the ${what} "${name}"` : `a ${what}`;
}

/** A part must have a name, and text must be there as it is. */
function refuseUnreadable(head: PartHead): void {
  if (
    readHead(head, 'content-disposition') !== 'form-data' ||
    readHead(head, 'content-disposition', 'name') === undefined
  ) {
    throw new ProxyError('malformed_multipart', {
      message: 'Each part needs a `Content-Disposition: form-data` with a name.',
    });
  }
  const encoding = readHead(head, 'content-transfer-encoding') ?? 'binary';
  const charset = readHead(head, 'content-type', 'charset')?.toLowerCase() ?? 'utf-8';
  if (
    !['binary', '8bit', '7bit'].includes(encoding) ||
    (partKind(head) !== 'binary' && !['utf-8', 'utf8', 'us-ascii'].includes(charset))
  ) {
    throw new ProxyError('unscannable_upload');
  }
}

async function redactParameters(field: HeadField, redaction: UploadRedaction): Promise<HeadField> {
  const parameters: { name: string; value: string }[] = [];
  for (const { name, value } of field.parameters) {
    const isFileName = name === 'filename' || name === 'filename*';
    const redactedValue = await redactText(
      value,
      isFileName ? "a file's name" : "a part's headers",
      redaction,
    );
    parameters.push({ name, value: isFileName ? withExtension(redactedValue, value) : redactedValue });
  }
  return withParameters(field, parameters);
}

/** The upstream tells kinds of files by their extensions. */
function withExtension(redactedName: string, name: string): string {
  const extension = extensionThatTells(name);
  return redactedName.endsWith(extension) ? redactedName : redactedName + extension;
}
