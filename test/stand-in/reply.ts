/** What a handler answers. The server writes it, unless a fault takes its place. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | AsyncIterable<string | Uint8Array>;
  /** Bytes of a streamed body, where they are known before. */
  contentLength?: number;
}

/**
 * A JSON answer. The type has to be named at each call, `json<FileObject>({...})`, so that the compiler
 * checks every answer against the SDK's type.
 */
export function json<T = never>(value: NoInfer<T>, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** A stream of server-sent events. */
export function eventStream(body: AsyncIterable<string>): Reply {
  return { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' }, body };
}

/** One server-sent event. `name` is left out where OpenAI sends only data. */
export function sse<T = never>(data: NoInfer<T>, name?: string): string {
  const payload = `data: ${JSON.stringify(data)}\n\n`;
  return name === undefined ? payload : `event: ${name}\n${payload}`;
}

/** Bytes of a known length, streamed with backpressure. */
export function binary(body: AsyncIterable<Uint8Array>, contentLength: number): Reply {
  return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body, contentLength };
}
