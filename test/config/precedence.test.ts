import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { loadConfig } from '../../src/config/load.ts';

const key = { OPENAI_API_KEY: 'sk-1' };

test('with nothing but a key in the environment every key has its default', () => {
  assert.deepEqual(loadConfig({ env: key }), {
    listen: {
      host: '127.0.0.1',
      port: 8080,
      maxBodyBytes: 67_108_864,
      headersTimeoutMs: 15_000,
      bodyIdleTimeoutMs: 30_000,
    },
    admin: { host: '127.0.0.1', port: 9090, console: 'loopback' },
    upstream: {
      baseUrl: 'https://api.openai.com/v1',
      dialect: 'openai',
      apiKey: 'sk-1',
      apiKeyFile: '',
      organization: '',
      project: '',
      unknownOperations: 'allow',
      connectTimeoutMs: 5_000,
      headersTimeoutMs: 600_000,
      bodyIdleTimeoutMs: 300_000,
      maxConnections: 0,
      paceUpToMs: 2000,
      httpsProxy: '',
      httpProxy: '',
      noProxy: '',
      caFile: '',
      fallbacks: [],
    },
    retry: { maxAttempts: 3, baseMs: 250, maxMs: 8000, budgetPercent: 20, lookUp: 'never' },
    circuit: {
      failurePercent: 50,
      minCalls: 20,
      windowMs: 10_000,
      openMs: 5000,
      slowMs: 20_000,
      slowGenerationMs: 0,
    },
    timeouts: {
      generation: { firstByteMs: 0, idleMs: 0, wholeMs: 0 },
      lookup: { firstByteMs: 60_000, idleMs: 0, wholeMs: 0 },
      transfer: { firstByteMs: 0, idleMs: 0, wholeMs: 0 },
    },
    overload: { maxConcurrent: 2000, maxQueued: 1000, queueUpToMs: 10_000 },
    store: {
      redisUrl: '',
      stateDir: './state',
      timeoutMs: 250,
      encryptionKeyFile: '',
      keyPrefix: 'assistant-proxy',
      leaseMs: 15_000,
    },
    assistants: {
      backend: 'responses',
      upstreamStore: 'keep',
      onStreamLeft: 'cancel',
      expireAfterSeconds: 600,
      leaseMs: 5000,
    },
    defaults: {
      maxPromptTokens: 0,
      maxCompletionTokens: 0,
      maxPromptTokensCeiling: 0,
      maxCompletionTokensCeiling: 0,
      truncation: 'auto',
      lastMessages: 20,
    },
    idempotency: { keepSeconds: 86_400, maxAnswerBytes: 8_388_608 },
    identity: { org: 'default', team: [], app: [], user: [] },
    auth: { keys: [] },
    budgets: [],
    limits: [],
    thresholdPercents: [50, 80, 95],
    webhook: { url: '', timeoutMs: 2000 },
    onStoreOutage: 'deny',
    redaction: {
      mode: 'off',
      entities: [],
      optOut: 'deny',
      allow: [],
      custom: [],
      phoneRegions: ['US'],
      outputs: false,
      hashKey: '',
      hashKeyFile: '',
      encryptionKeyFile: '',
      keepSeconds: 2_592_000,
      analyzer: {
        url: '',
        language: 'en',
        entities: ['PERSON', 'LOCATION'],
        timeoutMs: 2000,
        threshold: 0.5,
        onFailure: 'refuse',
      },
    },
    models: { prices: {}, fallbackPrice: { input: 10, output: 40 } },
    estimates: {
      outputTokens: 16_384,
      conversationTokens: 16_000,
      imageTokens: 2500,
      originalImageTokens: 10_000,
      fileTokens: 20_000,
      fileSearchChunkTokens: 800,
      webSearchTokens: 8000,
      codeInterpreterTokens: 500,
      mcpTokens: 8000,
      hostedToolTokens: 2000,
      batchTokens: 1_000_000,
    },
    drift: {
      count: false,
      adminKey: '',
      adminKeyFile: '',
      baseUrl: 'https://api.openai.com/v1',
      projectIds: [],
      everyMinutes: 60,
      periodHours: 24,
      delayMinutes: 60,
    },
    telemetry: {
      logLevel: 'info',
      auditFile: '',
      metrics: true,
      maxModelLabels: 50,
      maxIdentityLabels: 50,
      maxBudgetScopes: 200,
      otlpEndpoint: '',
      otlpHeaders: '',
      otlpHeadersFile: '',
      sampleRatio: 1,
      captureContent: false,
    },
    injector: {
      host: '::',
      port: 8443,
      events: true,
      name: 'assistant-proxy-injector',
      envSecret: '',
      namespace: '',
      namespaces: [],
      image: '',
      imagePullPolicy: 'IfNotPresent',
      native: true,
      onError: 'ignore',
      configMap: 'assistant-proxy',
      secret: 'assistant-proxy',
      gracePeriodSeconds: 25,
      resources: { cpuRequest: '100m', cpuLimit: '', memoryRequest: '256Mi', memoryLimit: '512Mi' },
      certificates: 'self',
      certificateDays: 90,
      authorityDays: 365,
      certificateFile: '/tls/tls.crt',
      keyFile: '/tls/tls.key',
      apiServerUrl: 'https://kubernetes.default.svc',
      serviceAccountDir: '/var/run/secrets/kubernetes.io/serviceaccount',
    },
    shutdown: { gracePeriodMs: 25_000 },
  });
});

test('the file wins over defaults, and the environment over the file', () => {
  const text = 'listen: { port: 1111 }\nadmin: { port: 2222 }';
  const config = loadConfig({ text, env: { ...key, ASSISTANT_PROXY_ADMIN_PORT: '3333' } });
  assert.equal(config.listen.port, 1111);
  assert.equal(config.admin.port, 3333);
  assert.equal(config.admin.host, '127.0.0.1');
});

test('a value of the file that the environment overrides need not be readable', () => {
  const text = 'upstream: { apiKey: "${NOT_SET}" }';
  const config = loadConfig({ text, env: { ASSISTANT_PROXY_UPSTREAM_API_KEY: 'sk-2' } });
  assert.equal(config.upstream.apiKey, 'sk-2');
});

test('ASSISTANT_PROXY_CONFIG names the file, unless the command line does', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [named, given] = [join(folder, 'named.yaml'), join(folder, 'given.yaml')];
  writeFileSync(named, 'listen: { port: 1 }');
  writeFileSync(given, 'listen: { port: 2 }');
  const env = { ...key, ASSISTANT_PROXY_CONFIG: named };
  assert.equal(loadConfig({ env }).listen.port, 1);
  assert.equal(loadConfig({ env, file: given }).listen.port, 2);
  assert.equal(loadConfig({ env: { ...key, ASSISTANT_PROXY_CONFIG: '' } }).listen.port, 8080);
});

for (const text of ['', '# nothing here\n', '---\n', 'listen:\nupstream:\n']) {
  test(`a file that says nothing leaves the defaults: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(loadConfig({ text, env: key }), loadConfig({ env: key }));
  });
}

test('proxies are taken from the usual variables in either case, upper case first', () => {
  const lower = { https_proxy: 'http://l:1', http_proxy: 'http://l:2', no_proxy: 'l' };
  const upper = { HTTPS_PROXY: 'http://u:1', HTTP_PROXY: 'http://u:2', NO_PROXY: 'u' };
  const fromLower = loadConfig({ env: { ...key, ...lower } }).upstream;
  assert.deepEqual([fromLower.httpsProxy, fromLower.httpProxy, fromLower.noProxy], Object.values(lower));
  const fromBoth = loadConfig({ env: { ...key, ...lower, ...upper } }).upstream;
  assert.deepEqual([fromBoth.httpsProxy, fromBoth.httpProxy, fromBoth.noProxy], Object.values(upper));
});

test('a trailing slash of the upstream is dropped', () => {
  const text = 'upstream: { baseUrl: http://127.0.0.1:9/v1/ }';
  assert.equal(loadConfig({ text, env: key }).upstream.baseUrl, 'http://127.0.0.1:9/v1');
});
