/** One request as RFC 9112 reads it, with its bytes as latin1 text. */
export interface ReferenceRequest {
  readonly method: string;
  readonly target: string;
  /** `1.1` */
  readonly version: string;
  /** Names in lower case, in the order sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface ReferenceReading {
  /** Those that are complete and well-formed, up to the first that isn't. */
  readonly requests: readonly ReferenceRequest[];
  /** What follows them. */
  readonly rest: 'nothing' | 'incomplete' | 'malformed';
  /** Their methods, and the one that the rest seems to begin with. */
  readonly methods: readonly string[];
}

/**
 * A second, independent reader of what a caller sends: slow, strict about what separates one message from
 * the next, and indulgent about the rest, since refusing more than it does is no fault.
 */
export function readRequests(bytes: string): ReferenceReading {
  const requests: ReferenceRequest[] = [];
  const methods: string[] = [];
  let at = 0;
  while (true) {
    while (bytes[at] === '\r' || bytes[at] === '\n') at += 1;
    if (at === bytes.length) return { requests, rest: 'nothing', methods };
    methods.push(/[^ ]*/.exec(bytes.slice(at, at + 20))![0]);
    const read = readRequest(bytes, at);
    if (typeof read === 'string') return { requests, rest: read, methods };
    requests.push(read.request);
    at = read.end;
  }
}

type Failure = 'incomplete' | 'malformed';

function readRequest(bytes: string, start: number): { request: ReferenceRequest; end: number } | Failure {
  const lineEnd = bytes.indexOf('\r\n', start);
  if (lineEnd === -1) return 'incomplete';
  // A line that names no version is HTTP/0.9: to be refused, but what follows it stands for itself.
  const line = /^([!#$%&'*+.^_`|~\w-]+) +([!-~\x80-\xff]+)(?: +HTTP\/(\d\.\d)| *)$/.exec(
    bytes.slice(start, lineEnd),
  );
  if (!line) return 'malformed';
  const fields = readFields(bytes, lineEnd + 2);
  if (typeof fields === 'string') return fields;
  const body = readBody(bytes, fields.end, fields.headers);
  if (typeof body === 'string') return body;
  const [, method = '', target = '', version = '0.9'] = line;
  const request = { method, target, version, headers: fields.headers, body: body.text };
  return { request, end: body.end };
}

/** Header or trailer fields and the empty line behind them. */
function readFields(bytes: string, start: number): { headers: [string, string][]; end: number } | Failure {
  const headers: [string, string][] = [];
  let at = start;
  while (true) {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return 'incomplete';
    if (end === at) return { headers, end: end + 2 };
    const field = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*$/.exec(bytes.slice(at, end));
    if (!field) return 'malformed';
    headers.push([field[1]!.toLowerCase(), field[2]!]);
    at = end + 2;
  }
}

function readBody(
  bytes: string,
  start: number,
  headers: readonly (readonly [string, string])[],
): { text: string; end: number } | Failure {
  const valuesOf = (wanted: string) => headers.filter(([name]) => name === wanted).map(([, value]) => value);
  const lengths = valuesOf('content-length');
  const codings = valuesOf('transfer-encoding');
  if (codings.length > 0) {
    const isChunked = /(?:^|,)[ \t]*chunked$/i.test(codings.join(','));
    return isChunked && lengths.length === 0 ? readChunks(bytes, start) : 'malformed';
  }
  if (lengths.length > 1 || lengths.some((length) => !/^\d{1,15}$/.test(length))) return 'malformed';
  const end = start + Number(lengths[0] ?? 0);
  return end > bytes.length ? 'incomplete' : { text: bytes.slice(start, end), end };
}

function readChunks(bytes: string, start: number): { text: string; end: number } | Failure {
  let text = '';
  let at = start;
  while (true) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return 'incomplete';
    const size = /^([\da-f]{1,12})[ \t]*(?:;[\t -~\x80-\xff]*)?$/i.exec(bytes.slice(at, lineEnd));
    if (!size) return 'malformed';
    const length = Number.parseInt(size[1]!, 16);
    at = lineEnd + 2;
    if (length === 0) {
      const trailers = readFields(bytes, at);
      return typeof trailers === 'string' ? trailers : { text, end: trailers.end };
    }
    if (at + length + 2 > bytes.length) return 'incomplete';
    text += bytes.slice(at, at + length);
    at += length;
    if (bytes.slice(at, at + 2) !== '\r\n') return 'malformed';
    at += 2;
  }
}
