import type { IncomingHttpHeaders } from 'node:http';

import { ApiError } from './api-error.ts';
import type { Mint } from './mint.ts';
import type { TokenUsage } from './model.ts';
import { readMultipart, type MultipartPart } from './multipart.ts';

/** One request, as the handlers see it. */
export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The deployment that an Azure path names. */
  readonly deployment: string | undefined;
  readonly mint: Mint;
  /** As `mint`, for an answer that depends on content that was streamed in. */
  mintFor(content: string): Mint;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** The body of a JSON request; an empty one counts as `{}`. The type is what the caller promises. */
  json<T extends object>(): T;
  /** The parts of a multipart request, each streamed. */
  parts(): AsyncGenerator<MultipartPart>;
  /** Notes what this call costs, for tests that compare it with what others believe. */
  bill(usage: TokenUsage): void;
}

/** What the stand-in saw of one request. */
export interface SeenRequest {
  readonly method: string;
  /** As it was sent, with its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** When its head arrived, in Unix milliseconds. */
  readonly startedAtMs: number;
  /** Bytes of the body so far. */
  bodyBytes: number;
  /** The parsed body of a JSON request. */
  json?: unknown;
  /** When its cost was told first, in Unix milliseconds. */
  billedAtMs?: number;
  /** What this call has cost so far; a stream's output grows while it is written. */
  usage?: TokenUsage;
  status?: number;
  /** The kind of fault it met. */
  fault?: string | undefined;
  /** When the answer was complete or the connection gone. */
  closedAtMs?: number;
  /** True if the client closed before the answer was complete. */
  aborted?: boolean;
}

/** Reads a JSON body, or answers as OpenAI does to one that is none. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new ApiError(
      400,
      'We could not parse the JSON body of your request. (HINT: This likely means you aren’t using your ' +
        'HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)',
    );
  }
}

export function isMultipart(headers: IncomingHttpHeaders): boolean {
  return headers['content-type']?.startsWith('multipart/form-data') ?? false;
}

/** The parts of a multipart request; 400 if it is none. */
export function readParts(
  headers: IncomingHttpHeaders,
  body: AsyncIterable<Buffer>,
): AsyncGenerator<MultipartPart> {
  const boundary = /boundary="?([^";]+)"?/i.exec(headers['content-type'] ?? '')?.[1];
  if (!isMultipart(headers) || !boundary) {
    throw new ApiError(400, 'Expected a multipart/form-data body.');
  }
  return readMultipart(body, boundary);
}
