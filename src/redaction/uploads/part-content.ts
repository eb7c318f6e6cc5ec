import { ProxyError } from '../../errors.ts';
import { createJsonDocument, createJsonLines } from './json-lines.ts';
import type { PartKind } from './part-kind.ts';
import { type TextWindow, createTextWindow } from './text-window.ts';
import type { UploadRedaction } from './upload-redaction.ts';

/** The content of a part on its way through. */
export interface PartContent {
  push(bytes: Buffer): Promise<Buffer>;
  end(): Promise<Buffer>;
}

const nothing = Buffer.alloc(0);

/**
 * The content of a part of some kind, redacted if it is text. Throws `unscannable_upload` at text that is none: bytes
 * that are no UTF-8, and zero bytes, which UTF-16 has between its letters.
 */
export function partContent(kind: PartKind, where: string, redaction: UploadRedaction): PartContent {
  switch (kind) {
    case 'binary':
      return { push: async (bytes) => bytes, end: async () => nothing };
    case 'unknown':
      return lookedAt(where, redaction);
    case 'jsonLines':
      return textContent(createJsonLines(redaction, where), where);
    case 'json':
      return textContent(createJsonDocument(redaction, where), where);
    case 'text':
      return textContent(createTextWindow(redaction, where), where);
  }
}

function textContent(text: TextWindow, where: string): PartContent {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decode = (bytes?: Buffer): string => {
    const decoded = attempt(() => decoder.decode(bytes, { stream: bytes !== undefined }));
    if (decoded === undefined || decoded.includes('\0')) throw unscannable(where);
    return decoded;
  };
  return {
    push: async (bytes) => Buffer.from(await text.push(decode(bytes))),
    end: async () => Buffer.from((await text.push(decode())) + (await text.end())),
  };
}

/** Enough for any kind of file to show a byte that no text has. */
const lookBytes = 4096;

/**
 * Passes as text what begins like text: with none of the control characters that no text has. What then turns out not
 * to be UTF-8 is refused rather than passed unscanned.
 */
function lookedAt(where: string, redaction: UploadRedaction): PartContent {
  let begun: Buffer = nothing;
  let content: PartContent | undefined;
  const decide = async (): Promise<Buffer> => {
    content = partContent(isBinary(begun) ? 'binary' : 'text', where, redaction);
    return content.push(begun);
  };
  return {
    async push(bytes) {
      if (content) return content.push(bytes);
      begun = Buffer.concat([begun, bytes]);
      return begun.length < lookBytes ? nothing : decide();
    },
    async end() {
      const first = content ? nothing : await decide();
      return Buffer.concat([first, await content!.end()]);
    },
  };
}

/** UTF-16 that says so by its mark is text, and so is refused. */
function isBinary(begun: Buffer): boolean {
  const seen = begun.subarray(0, lookBytes);
  if (/^(\xff\xfe|\xfe\xff)/.test(seen.toString('latin1', 0, 2))) return false;
  return seen.some((byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d);
}

function unscannable(where: string): ProxyError {
  return new ProxyError('unscannable_upload', {
    message: `The text in ${where} is not UTF-8, and can not be scanned for personal data. Send it as UTF-8, or declare the content type of what is no text.`,
  });
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
