/** All events of a stream. Copies, because helpers add deltas up in the objects of the first ones. */
export async function eventsOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = [];
  for await (const event of stream) events.push(structuredClone(event));
  return events;
}

/** What an application can read off the error that a call fails with. */
export async function failureOf(call: PromiseLike<unknown>): Promise<Record<string, unknown>> {
  try {
    await call;
  } catch (error) {
    return describeError(error);
  }
  throw new Error('the call succeeded, but was to fail');
}

/** The class and what the SDKs document on it. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) throw error;
  const { status, code, type, param, headers, requestID, request_id, error: body } = error as ErrorMembers;
  return {
    class: error.constructor.name,
    message: error.message,
    status,
    code,
    type,
    param,
    body,
    requestId: requestID ?? request_id,
    headers: headers && headersOf(headers),
  };
}

interface ErrorMembers extends Error {
  status?: unknown;
  code?: unknown;
  type?: unknown;
  param?: unknown;
  error?: unknown;
  headers?: Iterable<[string, string]> | Record<string, string>;
  requestID?: unknown;
  request_id?: unknown;
}

/** What differs between any two answers, and what the sidecar adds to every one. */
const unlike = new Set(['date', 'connection', 'keep-alive', 'x-assistant-proxy-request-id']);

/** An answer's headers, by name, without those that differ between any two answers. */
export function headersOf(headers: Iterable<[string, string]> | Record<string, string>): [string, string][] {
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return entries.filter(([name]) => !unlike.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
}
