import { ProxyError } from '../../errors.ts';

/** A part's header lines, without the empty line behind them; a piece of its content; its end. */
export type MultipartEvent =
  | { readonly kind: 'head'; readonly bytes: Buffer }
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'end' };

export interface MultipartReader {
  /** What the next piece of the body tells. Throws `malformed_multipart` at what no part can look like. */
  push(chunk: Buffer): MultipartEvent[];
  /** The body has ended. Throws `malformed_multipart` if that was not to be. */
  end(): void;
}

const maxHeadBytes = 16_384;
const lineEnd = '\r\n';
const headEnd = '\r\n\r\n';

/**
 * Reads multipart bodies (RFC 2046, section 5.1) however they are cut, and holds back no more than a head, or what
 * may be the beginning of a delimiter. Strict, since what one reader takes for content another may take for a part:
 * lines end in CRLF, and what begins like a delimiter is one. What stands before the first delimiter and behind the
 * last is dropped.
 */
export function createMultipartReader(boundary: string): MultipartReader {
  const delimiter = Buffer.from(`${lineEnd}--${boundary}`);
  type State = 'preamble' | 'delimited' | 'head' | 'data' | 'epilogue';
  let state: State = 'preamble';
  // So that a delimiter at the very beginning is one like the others.
  let held: Buffer = Buffer.from(lineEnd);

  /** Reads on as far as it is clear what comes; false when more is needed. */
  function step(events: MultipartEvent[]): boolean {
    if (state === 'preamble' || state === 'data') return readContent(events);
    if (state === 'delimited') return readDelimiterEnd();
    return state === 'head' && readHead(events);
  }

  function readContent(events: MultipartEvent[]): boolean {
    const at = held.indexOf(delimiter);
    const end = at === -1 ? Math.max(0, held.length - delimiter.length + 1) : at;
    if (state === 'data') {
      if (end > 0) events.push({ kind: 'data', bytes: held.subarray(0, end) });
      if (at !== -1) events.push({ kind: 'end' });
    }
    held = held.subarray(at === -1 ? end : end + delimiter.length);
    if (at !== -1) state = 'delimited';
    return at !== -1;
  }

  /** Leaves the line's end, which may be the first half of an empty head's. */
  function readDelimiterEnd(): boolean {
    if (held.length < lineEnd.length) return false;
    const next = held.toString('latin1', 0, lineEnd.length);
    if (next !== lineEnd && next !== '--') throw new ProxyError('malformed_multipart');
    state = next === lineEnd ? 'head' : 'epilogue';
    return true;
  }

  function readHead(events: MultipartEvent[]): boolean {
    const end = held.indexOf(headEnd);
    if (end > maxHeadBytes || (end === -1 && held.length > maxHeadBytes)) {
      throw new ProxyError('malformed_multipart', {
        message: `The headers of a part are larger than ${maxHeadBytes / 1024} KiB.`,
      });
    }
    if (end === -1) return false;
    events.push({ kind: 'head', bytes: held.subarray(Math.min(lineEnd.length, end), end) });
    held = held.subarray(end + headEnd.length);
    state = 'data';
    return true;
  }

  return {
    push(chunk) {
      if (state === 'epilogue') return [];
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const events: MultipartEvent[] = [];
      while (step(events));
      return events;
    },
    end() {
      if (state !== 'epilogue') throw new ProxyError('malformed_multipart');
    },
  };
}
