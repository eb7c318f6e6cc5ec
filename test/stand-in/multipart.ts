import { ApiError } from './api-error.ts';

export interface MultipartPart {
  name: string;
  filename: string | undefined;
  contentType: string | undefined;
  /** To be consumed before the next part is asked for. */
  content: AsyncGenerator<Buffer>;
}

/** Reads multipart/form-data (RFC 7578) as it comes, so that a part of any size needs flat memory. */
export async function* readMultipart(
  source: AsyncIterable<Buffer>,
  boundary: string,
): AsyncGenerator<MultipartPart> {
  const input = source[Symbol.asyncIterator]();
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter has no line break before it; adding one makes all of them alike.
  let buffer: Buffer = Buffer.from('\r\n');

  async function pull(): Promise<void> {
    const { value, done } = await input.next();
    if (done) throw new ApiError(400, 'The multipart body ended before its closing boundary.');
    buffer = buffer.length === 0 ? value : Buffer.concat([buffer, value]);
  }

  async function* untilDelimiter(): AsyncGenerator<Buffer> {
    for (;;) {
      const end = buffer.indexOf(delimiter);
      if (end >= 0) {
        if (end > 0) yield buffer.subarray(0, end);
        buffer = buffer.subarray(end + delimiter.length);
        return;
      }
      // What may be the start of a delimiter stays for the next round.
      const safe = buffer.length - delimiter.length;
      if (safe > 0) {
        yield buffer.subarray(0, safe);
        buffer = buffer.subarray(safe);
      }
      await pull();
    }
  }

  async function readUntil(mark: string, maxBytes: number): Promise<string> {
    for (;;) {
      const end = buffer.indexOf(mark);
      if (end >= 0) {
        const text = buffer.toString('utf8', 0, end);
        buffer = buffer.subarray(end + mark.length);
        return text;
      }
      if (buffer.length > maxBytes) throw new ApiError(400, 'The multipart body has an oversized header.');
      await pull();
    }
  }

  await drain(untilDelimiter());
  for (;;) {
    while (buffer.length < 2) await pull();
    if (buffer.toString('latin1', 0, 2) === '--') break;
    await readUntil('\r\n', 1024);
    const head = await readUntil('\r\n\r\n', 16_384);
    const content = untilDelimiter();
    yield {
      name: parameter(head, 'name') ?? '',
      filename: parameter(head, 'filename'),
      contentType: /^content-type:\s*(.+)$/im.exec(head)?.[1]?.trim(),
      content,
    };
    await drain(content);
  }
  while (!(await input.next()).done);
}

/** A form field as text. */
export async function readText(content: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function parameter(head: string, name: string): string | undefined {
  return new RegExp(`[;\\s]${name}="((?:[^"\\\\]|\\\\.)*)"`, 'i').exec(head)?.[1];
}

async function drain(content: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of content);
}
