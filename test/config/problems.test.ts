import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ConfigError } from '../../src/config/config-error.ts';
import { problemsOf } from './problems-of.ts';

const key = { OPENAI_API_KEY: 'sk-1' };

test('everything that is wrong is listed at once, each with its path and where it is from', () => {
  const text = `
listen: { host: 0.0.0.0, port: 65536, prot: 1, maxBodyBytes: 1.5, headersTimeoutMs: 0 }
admin: [1]
upstream: { baseUrl: ftp://x, dialect: aws, organization: 7, connectTimeoutMs: "5000", httpProxy: "proxy:1" }
upstram: {}
telemetry: { logLevel: "\${LEVEL}", maxModelLabels: -1 }
shutdown: { gracePeriodMs: "\${GRACE" }
`;
  const env = {
    ASSISTANT_PROXY_UPSTREAM_MAX_CONNECTIONS: 'many',
    ASSISTANT_PROXY_LISTEN_BODY_IDLE_TIMEOUT_MS: '',
    ASSISTANT_PROXY_LISTEN_PROT: '1',
  };
  const problems = problemsOf({ file: 'proxy.yaml', text, env });
  const expected: Readonly<Record<string, RegExp>> = {
    'listen.host': /^is beyond loopback.*; set auth\.keys, or use 127\.0\.0\.1$/,
    'listen.port': /^must be at most 65535 \(from proxy\.yaml\)$/,
    'listen.prot': /^is not a known key; did you mean port\? \(from proxy\.yaml\)$/,
    'listen.maxBodyBytes': /^must be an integer/,
    'listen.headersTimeoutMs': /^must be at least 1/,
    'listen.bodyIdleTimeoutMs': /^must be an integer \(from ASSISTANT_PROXY_LISTEN_BODY_IDLE_TIMEOUT_MS\)$/,
    admin: /^must be a mapping/,
    'upstream.baseUrl': /^must be an http or https URL without credentials, query or fragment/,
    'upstream.dialect': /^must be one of openai, azure/,
    'upstream.organization': /^must be a string/,
    'upstream.connectTimeoutMs': /^must be an integer/,
    'upstream.httpProxy': /^must be empty or an http or https URL/,
    'upstream.maxConnections': /^must be an integer \(from ASSISTANT_PROXY_UPSTREAM_MAX_CONNECTIONS\)$/,
    'upstream.apiKey': /^no key for the upstream/,
    upstram: /^is not a known key; did you mean upstream\?/,
    'telemetry.logLevel': /^needs LEVEL, which is unset or empty/,
    'telemetry.maxModelLabels': /^must be at least 0/,
    'shutdown.gracePeriodMs': /^has a malformed \$\{\.\.\.\}/,
    ASSISTANT_PROXY_LISTEN_PROT: /^names no key; did you mean ASSISTANT_PROXY_LISTEN_PORT\?$/,
  };
  assert.deepEqual(problems.map(({ path }) => path).toSorted(), Object.keys(expected).toSorted());
  for (const { path, message } of problems) assert.match(message, expected[path] ?? /^$/, path);
});

test("the error's message has one problem a line and their number at the end", () => {
  const error = new ConfigError([
    { path: 'a.b', message: 'is bad' },
    { path: 'c', message: 'is worse' },
  ]);
  assert.equal(error.message, 'a.b: is bad\nc: is worse\n2 problems');
});

test('a default that the environment spoils is refused with the default that names the variable', () => {
  const [problem] = problemsOf({ env: { ...key, HTTPS_PROXY: 'socks5://proxy:1080' } });
  assert.equal(problem?.path, 'upstream.httpsProxy');
  assert.match(problem.message, /from its default, "\$\{HTTPS_PROXY/);
});

test('a name close to no key gets no suggestion', () => {
  const [problem] = problemsOf({ text: 'listen: { certificate: x }', env: key });
  assert.equal(problem?.message, 'is not a known key (from the configuration file)');
});

test('what is inside a section of the wrong type does not hide what the environment says wrong about it', () => {
  const problems = problemsOf({ text: 'listen: 8080', env: { ...key, ASSISTANT_PROXY_LISTEN_PORT: 'x' } });
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['listen', 'listen.port'],
  );
});

for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) {
  test(`listen.host ${host} is loopback`, () => {
    assert.deepEqual(pathsOf({ listen: { host } }), []);
  });
}

for (const host of [
  '0.0.0.0',
  '::',
  '::0',
  'fd00::1',
  '10.0.0.1',
  'example.com',
  '',
  '127.0.0.1.example.com',
  '0177.0.0.1',
]) {
  test(`listen.host ${JSON.stringify(host)} is refused without callers' keys`, () => {
    assert.deepEqual(pathsOf({ listen: { host } }), ['listen.host']);
    const auth = { keys: [{ name: 'crawler', key: '0123456789abcdef' }] };
    assert.deepEqual(pathsOf({ listen: { host }, auth }), host === '' ? ['listen.host'] : []);
  });
}

for (const baseUrl of ['http://localhost:8000/v1', 'https://x.openai.azure.com/openai', 'HTTPS://a.b']) {
  test(`upstream.baseUrl ${baseUrl} is accepted`, () => {
    assert.deepEqual(pathsOf({ upstream: { baseUrl } }), []);
  });
}

for (const baseUrl of [
  '',
  'api.openai.com/v1',
  'ftp://api.openai.com',
  'https://',
  'https:api.openai.com',
  'https://user@api.openai.com',
  'https://user:secret@api.openai.com',
  'https://api.openai.com/v1?x=1',
  'https://api.openai.com/v1?',
  'https://api.openai.com/v1#',
  'https://api.openai.com/ v1',
  'https://api.openai.com\\v1',
]) {
  test(`upstream.baseUrl ${JSON.stringify(baseUrl)} is refused`, () => {
    assert.deepEqual(pathsOf({ upstream: { baseUrl } }), ['upstream.baseUrl']);
  });
}

function pathsOf(file: object): string[] {
  return problemsOf({ text: JSON.stringify(file), env: key }).map(({ path }) => path);
}
