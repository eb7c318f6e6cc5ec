import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeKeys, environmentName, type KeyDescription } from '../../src/config/describe.ts';
import { loadConfig } from '../../src/config/load.ts';
import { configSchema } from '../../src/config/schema.ts';
import { problemsOf } from './problems-of.ts';

const key = { OPENAI_API_KEY: 'sk-1' };
const keys = describeKeys(configSchema);

test('environment names split camelCase', () => {
  assert.equal(environmentName('upstream.baseUrl'), 'ASSISTANT_PROXY_UPSTREAM_BASE_URL');
  assert.equal(environmentName('upstream.apiKeyFile'), 'ASSISTANT_PROXY_UPSTREAM_API_KEY_FILE');
});

test('no two keys share an environment name', () => {
  const names = keys.flatMap(({ env }) => env ?? []);
  assert.equal(new Set(names).size, names.length);
});

test('every key has a description', () => {
  assert.deepEqual(
    keys.filter(({ description }) => description.length < 20),
    [],
  );
});

for (const described of keys) {
  const { env: name, path } = described;
  if (name === undefined) continue;
  test(`${name} sets ${path}`, () => {
    const [text, expected] = otherValue(described);
    const config = loadConfig({ env: { ...key, [name]: text } });
    assert.deepEqual(at(config, path), expected);
    assert.notDeepEqual(at(loadConfig({ env: key }), path), expected);
  });
}

for (const [text, isInteger] of [
  ['0', true],
  [' 42 ', true],
  ['65535', true],
  ['', false],
  ['4.2', false],
  ['1e3', false],
  ['0x10', false],
  ['-1', false],
  ['65536', false],
  ['99999999999999999999', false],
  ['true', false],
  ['NaN', false],
] as const) {
  test(`${JSON.stringify(text)} is ${isInteger ? '' : 'not '}a port`, () => {
    const problems = problemsOf({ env: { ...key, ASSISTANT_PROXY_LISTEN_PORT: text } });
    assert.deepEqual(
      problems.map(({ path }) => path),
      isInteger ? [] : ['listen.port'],
    );
  });
}

test('a variable that names no key is refused by its name, and its value is not shown', () => {
  const problems = problemsOf({ env: { ...key, ASSISTANT_PROXY_UPSTREAM_APIKEY: 'sk-secret' } });
  assert.deepEqual(problems, [
    {
      path: 'ASSISTANT_PROXY_UPSTREAM_APIKEY',
      message: 'names no key; did you mean ASSISTANT_PROXY_UPSTREAM_API_KEY?',
    },
  ]);
});

/** What Kubernetes sets in every pod of a namespace with a Service of this name. */
function serviceLinks(service: string, port: number): Record<string, string> {
  const address = `tcp://10.96.7.1:${port}`;
  return {
    [`${service}_SERVICE_HOST`]: '10.96.7.1',
    [`${service}_SERVICE_PORT`]: String(port),
    [`${service}_SERVICE_PORT_HTTP`]: String(port),
    [`${service}_PORT`]: address,
    [`${service}_PORT_${port}_TCP`]: address,
    [`${service}_PORT_${port}_TCP_PROTO`]: 'tcp',
    [`${service}_PORT_${port}_TCP_PORT`]: String(port),
    [`${service}_PORT_${port}_TCP_ADDR`]: '10.96.7.1',
  };
}

for (const service of ['ASSISTANT_PROXY', 'ASSISTANT_PROXY_INJECTOR', 'ASSISTANT_PROXY_ADMIN']) {
  test(`the variables of a Kubernetes Service ${service} change nothing`, () => {
    const env = { ...key, ...serviceLinks(service, 8080) };
    assert.deepEqual(loadConfig({ env }), loadConfig({ env: key }));
  });
}

for (const name of ['ASSISTANT_PROXY_PORT', 'ASSISTANT_PROXY_LISTN_PORT', 'ASSISTANT_PROXY_SERVICE']) {
  test(`${name}=8080 is not from Kubernetes, and is refused`, () => {
    assert.deepEqual(
      problemsOf({ env: { ...key, [name]: '8080' } }).map(({ path }) => path),
      [name],
    );
  });
}

/** A value that a key can have and that is not its default, as text and as the configuration has it. */
function otherValue({ path, type, default: defaultValue }: KeyDescription): readonly [string, unknown] {
  const choices = type.split(', ');
  if (/^(integer|number)/.test(type)) {
    // A cap of runs is 0, or one that the API takes.
    const value = Number(defaultValue);
    const other = isShare(type) ? (value + 0.25) % 1 : value + 1;
    const fit = path.startsWith('defaults.max') ? 256 : other;
    return [String(fit), fit];
  }
  if (type === 'boolean') return [String(!defaultValue), !defaultValue];
  if (choices.length > 1) {
    const other = choices.find((choice) => choice !== defaultValue) ?? '';
    return [other, other];
  }
  const text = fitting[path] ?? 'http://127.0.0.1:3';
  return [text, type.endsWith(' or list') ? [text] : text];
}

function isShare(type: string): boolean {
  return type === 'number, 0 to 1';
}

/** For keys that don't take the usual text. */
const fitting: Readonly<Record<string, string>> = {
  'listen.host': '127.0.0.2',
  'store.redisUrl': 'rediss+sentinel://:secret@a:26379,b:26379/main',
  'telemetry.otlpHeaders': 'x-tenant=acme',
  'store.keyPrefix': 'team-a:assistant-proxy',
  'redaction.analyzer.language': 'de',
  'identity.user': 'header:x-user-id',
  'injector.resources.cpuRequest': '250m',
  'injector.resources.cpuLimit': '2',
  'injector.resources.memoryRequest': '300Mi',
  'injector.resources.memoryLimit': '1Gi',
  'injector.configMap': 'sidecar',
  'injector.secret': 'sidecar',
  'injector.envSecret': 'sidecar-env',
  'injector.name': 'sidecars',
};

function at(config: unknown, path: string): unknown {
  return path.split('.').reduce((value, part) => (value as Record<string, unknown>)[part], config);
}
