export interface ReferenceResponse {
  readonly status: number;
  /** Names in lower case; a repeated one keeps its last value. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/**
 * The complete responses at the start of what a connection received, interim ones left out, and the bytes
 * behind them. Throws on anything that isn't HTTP.
 *
 * @param methods of the requests that the responses belong to, in turn; an answer to HEAD has no body.
 * @param ended whether the peer has closed the connection, which ends a body without a length.
 */
export function readResponses(
  bytes: string,
  methods: readonly string[],
  ended: boolean,
): { responses: ReferenceResponse[]; rest: string } {
  const responses: ReferenceResponse[] = [];
  let at = 0;
  while (at < bytes.length) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    if (headEnd === -1) break;
    const { status, headers } = readHead(bytes.slice(at, headEnd));
    if (status >= 100 && status < 200) {
      at = headEnd + 4;
      continue;
    }
    const answersHead = methods[responses.length] === 'HEAD';
    // What the parser refused has no method: the refusal has a body, and the connection ends behind it.
    const isBare = headers.get('x-assistant-proxy-request-id') === 'none';
    const body = readBody(bytes, headEnd + 4, headers, {
      isEmpty: (answersHead && !isBare) || status === 204 || status === 304,
      ended,
    });
    if (!body) break;
    responses.push({ status, headers, body: body.text });
    at = body.end;
  }
  return { responses, rest: bytes.slice(at) };
}

function readHead(head: string): { status: number; headers: Map<string, string> } {
  const [first = '', ...lines] = head.split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) [\t -~]*$/.exec(first)?.[1];
  if (status === undefined) throw new Error(`not a status line: ${JSON.stringify(first)}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const field = /^([!#$%&'*+.^_`|~\w-]+): ?([\t -~\x80-\xff]*)$/.exec(line);
    if (!field) throw new Error(`not a header: ${JSON.stringify(line)}`);
    headers.set(field[1]!.toLowerCase(), field[2]!);
  }
  if (headers.has('content-length') && headers.has('transfer-encoding')) throw new Error('two framings');
  return { status: Number(status), headers };
}

function readBody(
  bytes: string,
  start: number,
  headers: ReadonlyMap<string, string>,
  { isEmpty, ended }: { isEmpty: boolean; ended: boolean },
): { text: string; end: number } | undefined {
  if (isEmpty) return { text: '', end: start };
  if (headers.has('transfer-encoding')) return readChunks(bytes, start);
  const length = headers.get('content-length');
  if (length === undefined) return ended ? { text: bytes.slice(start), end: bytes.length } : undefined;
  const end = start + Number(length);
  return end > bytes.length ? undefined : { text: bytes.slice(start, end), end };
}

function readChunks(bytes: string, start: number): { text: string; end: number } | undefined {
  let text = '';
  let at = start;
  while (true) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = bytes.slice(at, lineEnd);
    if (!/^[\da-f]+$/i.test(size)) throw new Error(`not a chunk size: ${JSON.stringify(size)}`);
    const dataEnd = lineEnd + 2 + Number.parseInt(size, 16);
    if (dataEnd + 2 > bytes.length) return undefined;
    if (bytes.slice(dataEnd, dataEnd + 2) !== '\r\n') throw new Error('a chunk does not end where it says');
    if (dataEnd === lineEnd + 2) return { text, end: dataEnd + 2 };
    text += bytes.slice(lineEnd + 2, dataEnd);
    at = dataEnd + 2;
  }
}
