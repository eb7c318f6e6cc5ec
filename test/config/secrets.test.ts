import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import { parse, stringify } from 'yaml';

import { checkConfig } from '../../src/config/check.ts';
import { describeKeys } from '../../src/config/describe.ts';
import { loadConfig } from '../../src/config/load.ts';
import { redactConfig } from '../../src/config/redact-config.ts';
import { configSchema } from '../../src/config/schema.ts';
import { problemsOf } from './problems-of.ts';

/** Long enough not to be part of a message by chance; any character may be in it. */
const secrets = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ minLength: 12, maxLength: 12 }))
  .map((parts) => parts.join('~'));

/** A broken file with the secret somewhere in it, written as YAML writes it, or raw as a hurried hand does. */
const brokenFiles = fc.constantFrom<(secret: string) => string>(
  (secret) => stringify({ upstream: { apiKey: literal(secret), baseUrl: 'ftp://x' } }),
  (secret) => stringify({ upstream: { apiKey: literal(secret) }, listen: { port: literal(secret) } }),
  (secret) => stringify({ upstream: literal(secret) }),
  (secret) => stringify({ upstream: { httpsProxy: literal(`http:/user:${secret}@proxy`) } }),
  (secret) => stringify({ upstream: { baseUrl: literal(`https://user:${secret}@api.openai.com`) } }),
  (secret) => stringify({ upstream: { dialect: literal(secret), apiKeys: [secret] } }),
  (secret) => `upstream: { apiKey: ${secret}, baseUrl: 1 }`,
  (secret) => `upstream:\n  apiKey: ${secret}\n  baseUrl: 1`,
  // Behind a blank it is a key like any other, so that something else has to be wrong.
  (secret) => `upstream: {apiKey:${secret}}\nlisten: 1`,
  (secret) => `upstream:\n  apiKey: "${secret}\n  baseUrl: 1`,
  (secret) => `upstream:\n  apiKey: !${secret}\n  baseUrl: 1`,
  (secret) => `upstream:\n  apiKey: }${secret}\n  baseUrl: 1`,
);

function literal(text: string): string {
  return text.replaceAll('${', '$${');
}

test('whatever the secret, no problem of the file it stands in quotes it', () => {
  fc.assert(
    fc.property(secrets, brokenFiles, (secret, write) => {
      const text = write(secret);
      const messages = problemsOf({ text, env: {} }).map(({ path, message }) => `${path}: ${message}`);
      assert.ok(messages.length > 0);
      for (const message of messages) assert.ok(!message.includes(secret), message);
    }),
    { numRuns: 2000 },
  );
});

test('whatever the secret, no problem quotes it from a variable, and no report shows it', () => {
  fc.assert(
    fc.property(secrets, fc.boolean(), (secret, isBroken) => {
      const env = {
        OPENAI_API_KEY: secret,
        ASSISTANT_PROXY_UPSTREAM_ORGANIZATION: isBroken ? `${secret}\n` : '',
        ...(isBroken
          ? { ASSISTANT_PROXY_LISTEN_PORT: secret, ASSISTANT_PROXY_UPSTREAM_BASE_URL: secret }
          : {}),
      };
      const { valid, report } = checkConfig({ env });
      assert.ok(!report.includes(secret), report);
      if (isBroken) assert.equal(valid, false);
    }),
    { numRuns: 1000 },
  );
});

test('the effective configuration shows everything but secrets and credentials in URLs', () => {
  const env = {
    OPENAI_API_KEY: 'sk-1',
    HTTPS_PROXY: 'http://user:p@ss/w@proxy:3128',
    HTTP_PROXY: 'http://proxy',
  };
  const config = loadConfig({ env });
  const expected = structuredClone(config) as { upstream: Record<string, unknown> };
  Object.assign(expected.upstream, { apiKey: '***', httpsProxy: 'http://***@proxy:3128' });
  assert.deepEqual(redactConfig(config), expected);
  assert.equal(config.upstream.apiKey, 'sk-1');
});

test('an empty secret stays visibly empty', () => {
  const config = loadConfig({ text: 'upstream: { apiKey: "" }', env: {} });
  assert.deepEqual(redactConfig(config), config);
});

/** What Kubernetes calls Secrets, by their names. */
const namesOfSecrets = ['injector.secret', 'injector.envSecret'];

test("a key whose name ends in 'key', 'secret', 'token' or 'password' is marked as a secret", () => {
  const named = describeKeys(configSchema).filter(({ path }) => /(key|secret|token|password)$/i.test(path));
  assert.ok(named.length > 0);
  assert.deepEqual(
    named.filter(({ secret, path }) => !secret && !namesOfSecrets.includes(path)),
    [],
  );
});

test('what check prints is a configuration file that means the same, but for its secrets', () => {
  const env = { OPENAI_API_KEY: 'sk-1', NO_PROXY: 'localhost,*.svc', ASSISTANT_PROXY_LISTEN_PORT: '7070' };
  const { valid, report } = checkConfig({ env });
  assert.equal(valid, true);
  const text = report.slice(report.indexOf('\n\n'));
  assert.deepEqual(parse(text), redactConfig(loadConfig({ env })));
  assert.deepEqual(loadConfig({ text, env: {} }), redactConfig(loadConfig({ env })));
});

test('check prints every problem and their number when there are any', () => {
  const { valid, report } = checkConfig({ text: 'lisen: {}', env: {} });
  assert.equal(valid, false);
  assert.match(report, /^lisen: .*\nupstream\.apiKey: .*\n2 problems\n$/);
});
