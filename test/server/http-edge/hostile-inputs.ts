import fc from 'fast-check';

/** What one caller sends in one go. */
export interface Input {
  /** As latin1 text. */
  readonly bytes: string;
  /** Where to cut it into segments, each anywhere in 0..1 of its length. */
  readonly cuts: readonly number[];
  /** Nothing was done to it: every request in it must be served. */
  readonly isHonest: boolean;
}

/** Stands in every request, to be replaced by one of the same length when it is sent. */
export const markerPlaceholder = 'MMMMMMMM';

/** Of a length. */
const share = fc.nat({ max: 999 }).map((thousandths) => thousandths / 1000);

interface Draft {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly string[];
  /** Header and framed body. */
  readonly framing: readonly string[];
  readonly body: string;
}

/** Small on purpose: a hundred thousand of them must pass through real sockets. */
export function hostileInputs(): fc.Arbitrary<Input> {
  const honestText = fc.oneof(
    { weight: 4, arbitrary: honest.map(render) },
    { weight: 1, arbitrary: fc.array(honest, { minLength: 2, maxLength: 4 }).map(renderAll) },
  );
  const tamperedText = fc.tuple(honest, tampering).map(([draft, tamper]) => render(tamper(draft)));
  const bentText = fc
    .tuple(honestText, fc.array(bend, { minLength: 1, maxLength: 3 }))
    .map(([text, bends]) => bends.reduce((bent, one) => one(bent), text));
  const mixedText = fc
    .array(fc.oneof(honest.map(render), tamperedText, garbage), { minLength: 2, maxLength: 4 })
    .map((pieces) => pieces.join(''));
  const hostileText = fc.oneof(
    { weight: 9, arbitrary: tamperedText },
    { weight: 2, arbitrary: bentText },
    { weight: 1, arbitrary: mixedText },
    { weight: 1, arbitrary: garbage },
  );
  const cuts = fc.oneof(
    { weight: 7, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(share, { minLength: 1, maxLength: 3 }),
    },
  );
  return fc.oneof(
    { weight: 1, arbitrary: fc.record({ bytes: honestText, cuts, isHonest: fc.constant(true) }) },
    { weight: 4, arbitrary: fc.record({ bytes: hostileText, cuts, isHonest: fc.constant(false) }) },
  );
}

function renderAll(drafts: readonly Draft[]): string {
  return drafts.map(render).join('');
}

function render({ method, target, version, headers, framing, body }: Draft): string {
  return `${method} ${target} ${version}\r\n${[...headers, ...framing].join('\r\n')}\r\n\r\n${body}`;
}

const jsonText = fc.oneof(
  fc.constantFrom(
    '{"model":"gpt-4o","input":"hi"}',
    '{"model":"gpt-4o","messages":[],"stream":true}',
    '{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true}}',
    '[]',
    'null',
    '{"model":"gpt-4o","input":"h\xc3\xa9 \xf0\x9f\x98\x80"}',
    ' {"a" : "\\ud800\\u0000" } ',
  ),
  fc
    .json({ maxDepth: 2, stringUnit: 'binary-ascii' })
    .map((text) => Buffer.from(text, 'utf8').toString('latin1')),
);

const anyBytes = fc
  .array(fc.nat({ max: 255 }), { maxLength: 24 })
  .map((bytes) => String.fromCharCode(...bytes));

/** Broken in ways that a lenient reader would not mind. */
const brokenJson = fc.oneof(
  fc.tuple(jsonText, fc.nat({ max: 40 })).map(([text, at]) => text.slice(0, at % text.length)),
  fc
    .tuple(jsonText, fc.nat({ max: 40 }), fc.constantFrom('\0', '\xff', ',', '}', '"', '\\', '\xed\xa0\x80'))
    .map(([text, at, stray]) => text.slice(0, at) + stray + text.slice(at)),
  fc.constantFrom(
    '\xef\xbb\xbf{}',
    '{}{}',
    "{'a':1}",
    '{"a":1}//',
    'NaN',
    '{"a":01}',
    '[,]',
    '{"a":1,}',
    '['.repeat(200),
  ),
);

type Payload = 'none' | 'json' | 'form' | 'any';

const calls: readonly (readonly [method: string, target: string, payload: Payload])[] = [
  ['GET', '/v1/models?m=', 'none'],
  ['GET', '/v1/files/file_1/content?m=', 'none'],
  ['GET', '/openai/v1/responses/resp_1?m=', 'none'],
  ['HEAD', '/v1/models?m=', 'none'],
  ['DELETE', '/v1/files/file%5F1/?m=', 'none'],
  ['OPTIONS', '/v1/models?m=', 'none'],
  ['POST', '/v1/chat/completions?m=', 'json'],
  ['POST', '/v1/responses?m=', 'json'],
  ['POST', '/openai/deployments/gpt/embeddings?api-version=2024-10-21&m=', 'json'],
  ['POST', '/v1/files?m=', 'form'],
  ['POST', '/v1/new/thing?m=', 'any'],
  ['PATCH', '/v1/new/thing?m=', 'any'],
  ['DELETE', '/v1/new/thing?m=', 'any'],
  ['GET', '/v1/new/thing?m=', 'any'],
];

const contentTypes: Readonly<Record<Exclude<Payload, 'none'>, string>> = {
  json: 'application/json',
  form: 'multipart/form-data; boundary=b',
  any: 'application/octet-stream',
};

/** What must not go upstream, what must, and what only concerns this hop. */
const extraHeader = fc.constantFrom(
  'authorization: Bearer caller-secret',
  'Api-Key: caller-secret',
  'X-API-KEY: caller-secret',
  'cookie: session=caller-secret',
  'proxy-authorization: Basic caller-secret',
  'openai-organization: org-caller',
  'OpenAI-Project: proj-caller',
  'x-forwarded-for: 192.0.2.1',
  'x-forwarded-host: evil.invalid',
  'forwarded: for=192.0.2.1;host=evil.invalid',
  'via: 1.1 evil.invalid',
  'te: trailers',
  'keep-alive: timeout=600',
  'connection: x-hop',
  'connection: keep-alive, X-Hop, authorization',
  'x-hop: caller-secret',
  'proxy-connection: keep-alive',
  'openai-beta: assistants=v2',
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'accept-encoding: gzip, br',
  'x-empty:',
  'x-latin: \xe9\xff',
  '__proto__: polluted',
  'constructor: polluted',
);

const honest: fc.Arbitrary<Draft> = fc
  .record({
    call: fc.constantFrom(...calls),
    headers: fc.array(extraHeader, { maxLength: 3 }),
    host: fc.constantFrom('x', 'evil.invalid', 'api.openai.com:443', '127.0.0.1', '[::1]:8080'),
    json: jsonText,
    bytes: anyBytes,
    chunkSizes: fc.option(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 3 })),
    chunkEnd: fc.constantFrom('\r\n', '\r\n', ';a=b\r\n', ';a="x;y"\r\n'),
    trailers: fc.constantFrom('', '', 'x-trailer: 1\r\n', 'authorization: Bearer caller-secret\r\n'),
  })
  .map(({ call: [method, target, payload], headers, host, json, bytes, chunkSizes, chunkEnd, trailers }) => {
    const draft = {
      method,
      target: target + markerPlaceholder,
      version: 'HTTP/1.1',
      headers: [`host: ${host}`, ...headers],
      framing: [],
      body: '',
    };
    if (payload === 'none') return draft;
    const content = payload === 'json' ? json : bytes;
    const typed = { ...draft, headers: [...draft.headers, `content-type: ${contentTypes[payload]}`] };
    return chunkSizes
      ? withBody(typed, 'transfer-encoding: chunked', chunked(content, chunkSizes, chunkEnd, trailers))
      : withBody(typed, `content-length: ${content.length}`, content);
  });

function withBody(draft: Draft, framing: string, body: string): Draft {
  return { ...draft, framing: [framing], body };
}

function chunked(content: string, sizes: readonly number[], lineEnd: string, trailers: string): string {
  let framed = '';
  let at = 0;
  for (const size of [...sizes, content.length]) {
    const piece = content.slice(at, at + size);
    if (piece === '') break;
    framed += `${piece.length.toString(16)}${lineEnd}${piece}\r\n`;
    at += piece.length;
  }
  return `${framed}0${lineEnd}${trailers}\r\n`;
}

/** A whole request that hides in the body of another. */
const hidden = `GET /v1/models?m=${markerPlaceholder}.hidden HTTP/1.1\r\nhost: x\r\n\r\n`;

const hostileSegment = fc.constantFrom(
  '..',
  '.',
  '',
  '%2e%2e',
  '.%2E',
  '%2f',
  '..%2f..',
  '%5c',
  '\\',
  '%00',
  '%',
  '%zz',
  '%c0%ae',
  '\xe9',
  '#',
  '@evil.invalid',
  '%0d%0aX:y',
  ';',
  '*',
  '..;',
  '%252e%252e',
  '%u002e',
  '%7f',
);

const hostileTarget = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('/v1', '/openai', '/openai/deployments', ''),
      fc.array(hostileSegment, { minLength: 1, maxLength: 3 }),
    )
    .map(([prefix, segments]) => `${prefix}/${segments.join('/')}/models?m=${markerPlaceholder}`),
  fc.constantFrom(
    'http://evil.invalid/v1/models',
    '//evil.invalid/v1/models',
    '/v1/../../admin',
    'evil.invalid:443',
    '*',
    '/',
    '/v1',
    '/v1/',
    '/admin',
    '/v1/models /v1/files',
    '/v1/models\tx',
    '/v1/models?m=\x01',
    '?',
    '/openai/deployments/a?x',
    'https:/v1/models',
    '/v1/models\x7f',
    '/V1/models',
    '/v1/models#/v1/files',
    '/v1@evil.invalid/models',
    '/v1:80/models',
    `/v1/${'a'.repeat(600)}`,
  ),
);

const hostileMethod = fc.constantFrom(
  'get',
  'G ET',
  '',
  'CONNECT',
  'TRACE',
  'PRI',
  'QUERY',
  'PUT',
  'M-SEARCH',
  'PURGE',
  'LINK',
  'POST\0',
  'XYZZY',
  'GET\r\n',
  '\tGET',
  'OPTIONS',
);

const hostileHeader = fc.oneof(
  fc.constantFrom(
    'bad name: x',
    ': x',
    'x',
    'x : y',
    ' folded',
    '\tfolded',
    'x\0: y',
    'x: y\0',
    'x: y\rz',
    'x: y\nz: w',
    'x\xe9: y',
    'x: \x01',
    '"x": y',
    'host: y',
    'host:',
    'Host : y',
    'connection: close',
    'connection: \0',
    'connection: host, content-length, transfer-encoding',
    'connection: close, keep-alive',
    'connection: upgrade\r\nupgrade: h2c',
    'connection: upgrade\r\nupgrade: websocket',
    'upgrade: WebSocket',
    'upgrade: h2c, websocket',
    'expect: 100-continue',
    'expect: 200-ok',
    'expect:',
    'http2-settings: AAMAAABk',
    'content-type: text/plain',
    'content-type:',
    'content-type: application/json; charset="',
    'content-encoding: gzip',
    'content-encoding: identity',
    'trailer: host',
    'x-assistant-proxy-request-id: forged',
    `x: ${'y'.repeat(2000)}`,
    'set-cookie: a\r\nset-cookie: b',
    'te: chunked',
    'transfer-encoding: identity',
    'content-length: 0',
    'date: x',
    'if-none-match: "a"',
  ),
  fc.tuple(anyBytes, anyBytes).map(([name, value]) => `${name}: ${value}`),
);

/** Takes the place of the honest framing, or stands beside it. */
const hostileFraming = fc.constantFrom(
  ['content-length: 5', 'transfer-encoding: chunked'],
  ['transfer-encoding: chunked', 'content-length: 0'],
  ['content-length: 3', 'content-length: 3'],
  ['content-length: 3', 'content-length: 30'],
  ['content-length: 3, 3'],
  ['content-length: +3'],
  ['content-length: -3'],
  ['content-length: 0x3'],
  ['content-length: 3 3'],
  ['content-length: 3e0'],
  ['content-length:'],
  ['content-length: 003'],
  ['content-length: 99999999999999999999999'],
  ['content-length: 18446744073709551619'],
  ['content-length\t: 3'],
  ['content_length: 3'],
  ['Content-Length: 3\0'],
  ['transfer-encoding: Chunked'],
  ['transfer-encoding: xchunked'],
  ['transfer-encoding: chunkedx'],
  ['transfer-encoding: "chunked"'],
  ['transfer-encoding: gzip, chunked'],
  ['transfer-encoding: gzip'],
  ['transfer-encoding: chunked, identity'],
  ['transfer-encoding: chunked', 'transfer-encoding: chunked'],
  ['transfer-encoding: chunked', 'transfer-encoding: x'],
  ['transfer-encoding: x', 'transfer-encoding: chunked'],
  ['transfer-encoding: chunked;a=b'],
  ['transfer-encoding:\tchunked'],
  ['transfer-encoding: \x0bchunked'],
  ['transfer-encoding:chunked'],
  ['transfer-encoding\r\n: chunked'],
  ['transfer-encoding:\r\n chunked'],
  ['transfer_encoding: chunked'],
  ['transfer-encoding:'],
  [],
);

const chunkSize = fc.constantFrom(
  '0',
  '00',
  '1',
  '3',
  '003',
  '-1',
  '+3',
  '0x3',
  'g',
  '',
  ' 3',
  '3 ',
  '3\t',
  '3;',
  '3;a',
  '3 ;a',
  'ffffffffffffffff',
  'fffffffffffffffff',
  '7fffffff',
  '1 1',
  '3\r',
  '3\n',
  '\x00',
  '3;a="\n"',
  `3;${'a'.repeat(300)}`,
);

const hostileBody = fc.oneof(
  fc
    .tuple(
      fc.array(
        fc.tuple(
          chunkSize,
          fc.constantFrom('abc', '', 'abcd', hidden),
          fc.constantFrom('\r\n', '\n', '', '\r'),
        ),
        { maxLength: 3 },
      ),
      fc.constantFrom(
        '0\r\n\r\n',
        '0\r\n',
        '0\r\nx: y\r\n\r\n',
        '0\r\nbad trailer\r\n\r\n',
        '0\r\ncontent-length: 9\r\n\r\n',
        '0\n\n',
        '',
      ),
    )
    .map(([chunks, end]) => chunks.map(([size, data, tail]) => `${size}\r\n${data}${tail}`).join('') + end),
  fc.constantFrom('abc', 'ab', `0\r\n\r\n${hidden}`, `abc${hidden}`, hidden, '3\r\nabc\r\n0\r\n\r\n'),
);

const hostileVersion = fc.constantFrom(
  'HTTP/1.0',
  'HTTP/0.9',
  'HTTP/2.0',
  'HTTP/1.2',
  'http/1.1',
  'HTTP/1.1 ',
  'HTTP/11',
  '',
  'ICE/1.0',
  'HTTP/1.1\0',
);

type Tamper = (draft: Draft) => Draft;

const tamperLine: fc.Arbitrary<Tamper> = fc.oneof(
  { weight: 4, arbitrary: hostileTarget.map((target) => (draft: Draft) => ({ ...draft, target })) },
  { weight: 1, arbitrary: hostileMethod.map((method) => (draft: Draft) => ({ ...draft, method })) },
  { weight: 1, arbitrary: hostileVersion.map((version) => (draft: Draft) => ({ ...draft, version })) },
);

const tamperHeaders: fc.Arbitrary<Tamper> = fc
  .tuple(
    fc.array(hostileHeader, { minLength: 1, maxLength: 2 }),
    fc.constantFrom('first', 'last', 'hostless'),
  )
  .map(([extra, where]) => (draft) => {
    const { headers } = draft;
    if (where === 'hostless') return { ...draft, headers: headers.filter((one) => !one.startsWith('host')) };
    return { ...draft, headers: where === 'first' ? [...extra, ...headers] : [...headers, ...extra] };
  });

const tamperFraming: fc.Arbitrary<Tamper> = fc.oneof(
  fc.tuple(hostileFraming, hostileBody).map(([framing, body]) => (draft: Draft) => ({
    ...draft,
    framing,
    body,
  })),
  fc.tuple(fc.constantFrom('transfer-encoding: chunked', 'content-length: 3'), hostileBody).map(
    ([framing, body]) =>
      (draft: Draft) =>
        withBody(draft, framing, body),
  ),
  fc.tuple(hostileFraming, fc.boolean()).map(([extra, isFirst]) => (draft: Draft) => {
    const { framing } = draft;
    return { ...draft, framing: isFirst ? [...extra, ...framing] : [...framing, ...extra] };
  }),
);

const tamperJson: fc.Arbitrary<Tamper> = brokenJson.map((body) => (draft) => ({
  ...withBody(draft, `content-length: ${body.length}`, body),
  method: 'POST',
  target: `/v1/responses?m=${markerPlaceholder}`,
  headers: ['host: x', 'content-type: application/json'],
}));

const tampering = fc.oneof(tamperLine, tamperHeaders, tamperFraming, tamperJson);

/** Cuts, doubles, drops or changes bytes anywhere. */
const bend: fc.Arbitrary<(text: string) => string> = fc
  .tuple(
    share,
    fc.constantFrom('truncate', 'insert', 'replace', 'drop', 'double'),
    fc.oneof(
      fc.constantFrom('\r', '\n', '\r\n', '\0', ' ', ':', '\t', '\r\n\r\n', '0', '%', '/', '\xff'),
      anyBytes,
    ),
  )
  .map(([where, how, stray]) => (text: string) => {
    const at = Math.floor(where * text.length);
    if (how === 'truncate') return text.slice(0, at);
    if (how === 'insert') return text.slice(0, at) + stray + text.slice(at);
    if (how === 'replace') return text.slice(0, at) + stray + text.slice(at + stray.length);
    if (how === 'drop') return text.slice(0, at) + text.slice(at + 1);
    return text.slice(0, at) + text.slice(at, at + 8) + text.slice(at);
  });

const garbage = fc.oneof(
  anyBytes,
  fc.constantFrom(
    '\r\n',
    '\n\n',
    '\0\0\0\0',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\n',
    '0\r\n\r\n',
    'GET / HTTP/1.1\r\n',
    'SSH-2.0-x\r\n',
    'HELO x\r\n',
    '{}',
    '* * *\r\n\r\n',
  ),
);
