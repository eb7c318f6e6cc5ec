import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { parse } from 'yaml';

import { valuesSchema } from '../../../scripts/generators/values-schema.ts';
import { describeKeys } from '../../../src/config/describe.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { chartFolder, templateText } from './helm.ts';

/** What is given as `--set`, and what Helm must say: where it is, and what would be right. */
const refused: readonly (readonly [string, RegExp])[] = [
  ['injecter.replicas=3', /additional properties 'injecter' not allowed/],
  ['injector.replica=3', /at '\/injector'.*'replica' not allowed/],
  ['injector.replicas=three', /at '\/injector\/replicas': got string, want integer/],
  ['injector.replicas=0', /at '\/injector\/replicas': minimum: got 0, want 1/],
  ['injector.port=443', /at '\/injector\/port': minimum: got 443, want 1,?024/],
  ['injector.onError=refuse', /at '\/injector\/onError': value must be one of 'ignore', 'deny'/],
  ['injector.webhook.failurePolicy=fail', /failurePolicy': value must be one of 'Ignore', 'Fail'/],
  ['injector.webhook.timeoutSeconds=31', /timeoutSeconds': maximum: got 31, want 30/],
  ['injector.certificates.source=vault', /source': value must be one of 'self', 'cert-manager', 'secret'/],
  ['injector.config.nativ=true', /at '\/injector\/config'.*'nativ' not allowed/],
  ['injector.podDisruptionBudget.minAvailable=most', /minAvailable'.*\n.*\n.*does not match pattern/],
  ['image.digest=0123', /at '\/image\/digest': '0?123' does not match pattern|got number, want string/],
  ['image.tag=a b', /at '\/image\/tag': 'a b' does not match pattern/],
  ['namespaces[0]=Shop', /at '\/namespaces\/0'/],
  ['namespaces[0].nam=shop', /at '\/namespaces\/0'/],
  ['config.lisen.port=1', /at '\/config'.*'lisen' not allowed/],
  ['config.listen.prot=1', /at '\/config\/listen'.*'prot' not allowed/],
  ['config.onStoreOutage=maybe', /at '\/config\/onStoreOutage'/],
  ['config.budgets[0].name=day', /at '\/config\/budgets\/0': missing propert/],
  ['config.injector.image=x', /at '\/config'.*'injector' not allowed/],
  ['gateway.config.lisen.port=1', /at '\/gateway\/config'.*'lisen' not allowed/],
  ['gateway.callers.keys[0].name=Search', /at '\/gateway\/callers\/keys\/0\/name'.*does not match pattern/],
  ['gateway.callers.keys[0].key=short', /at '\/gateway\/callers\/keys\/0'/],
  ['gateway.service.type=Cluster', /at '\/gateway\/service\/type': value must be one of/],
  ['sidecar.resources.limits.memory=much', /at '\/sidecar\/resources\/limits\/memory'/],
  ['sidecar.resources.limits.gpu=1', /'gpu' not allowed/],
  ['monitoring.podMonitor.interval=soon', /interval': 'soon' does not match pattern/],
  ['networkPolicy.apiServerCidrs[0]=10.0.0.1', /apiServerCidrs\/0': '10.0.0.1' does not match pattern/],
  [
    'secret.redisUrl=redis://:x@redis:6379',
    /secret\.redisUrl is written into the same Secret as secret\.apiKey/,
  ],
  ['namespaces={shop,shop}', /namespaces: shop is there twice/],
  [
    'commonLabels.app\\.kubernetes\\.io/instance=shop',
    /commonLabels: app\.kubernetes\.io\/instance is a label by which the chart finds its own pods; drop it/,
  ],
  [
    'gateway.podLabels.app\\.kubernetes\\.io/component=web',
    /gateway\.podLabels: app\..*component is a label/,
  ],
  [
    'injector.certificates.source=cert-manager,injector.certificates.authorityDays=179',
    /authorityDays is 179, which is less than twice the 90 of days.*raise it, lower days, or set issuerRef/,
  ],
  ['injector.certificates.source=secret', /source secret needs secretName.* and caBundle/],
  ['injector.podDisruptionBudget.minAvailable=2', /minAvailable is 2 of injector\.replicas 2/],
];

/** What would stand in a ConfigMap. */
const misplaced: readonly (readonly [string, RegExp])[] = [
  ['config.upstream.apiKey=sk-secret', /config\.upstream\.apiKey has a key in it.*secret\.apiKey/],
  ['gateway.config.upstream.apiKey=sk-secret', /gateway\.config\.upstream\.apiKey has a key in it/],
  [
    'config.upstream.fallbacks[0].name=eu,config.upstream.fallbacks[0].baseUrl=https://eu.example,config.upstream.fallbacks[0].apiKey=sk-secret',
    /config\.upstream\.fallbacks\[0\]\.apiKey has a key in it/,
  ],
  [
    'config.auth.keys[0].name=search,config.auth.keys[0].key=sk-secret-0123456789',
    /config\.auth\.keys\[0\]\.key has a key in it/,
  ],
  [
    'config.store.redisUrl=redis://:sk-secret@redis:6379',
    /store\.redisUrl has a password in it.*secret\.redisUrl/,
  ],
  ['config.redaction.hashKey=sk-secret', /config\.redaction\.hashKey has a key in it.*hashKeyFile/],
  ['config.drift.adminKey=sk-secret', /config\.drift\.adminKey has a key in it.*adminKeyFile/],
  [
    'config.telemetry.otlpHeaders=authorization=sk-secret',
    /config\.telemetry\.otlpHeaders has a key in it.*otlpHeadersFile/,
  ],
  ['config.webhook.url=https://hooks.example/sk-secret', /config\.webhook\.url has a key in it/],
  [
    'namespaces[0].name=shop,namespaces[0].config.upstream.apiKey=sk-secret',
    /namespaces: shop: config\.upstream\.apiKey has a key in it/,
  ],
];

describe('Helm refuses a key where everybody could read it, without quoting it', () => {
  for (const [set, message] of misplaced) {
    test(set, () =>
      assert.throws(
        () => templateText({ set: [set] }),
        ({ message: told }: Error) => message.test(told) && !told.includes('sk-secret'),
      ),
    );
  }

  test('each of those that the schema knows', () => {
    const secrets = describeKeys(configSchema).filter(({ secret }) => secret);
    const written = secrets.map(({ path }) => `config.${path.replaceAll('[]', '[0]')}=`);
    assert.ok(written.length > 7);
    assert.deepEqual(
      written.filter((key) => !misplaced.some(([set]) => set.startsWith(key) || set.includes(`,${key}`))),
      [],
    );
  });

  for (const text of [
    '${KEY:-sk-secret}',
    '${KEY:-${OTHER:-sk-secret}}',
    '${KEY:-${OTHER}sk-secret}',
    '${OTHER}${KEY:-sk-secret}',
    'sk-secret$${KEY}',
    '${KEY:-$${sk-secret}',
  ]) {
    test(`a key in the fallback of a variable, or beside what is none: ${text}`, () =>
      assert.throws(
        () => templateText({ values: { config: { upstream: { apiKey: text } } } }),
        ({ message: told }: Error) =>
          /config\.upstream\.apiKey has a key in it.*sidecar\.envSecret/.test(told) &&
          !told.includes('sk-secret'),
      ));
  }

  for (const text of ['${KEY}', '${KEY:-}', '${KEY:-${OTHER}}', '${KEY:-${OTHER:-}}', 'sk-${KEY}']) {
    test(`and takes one that variables hold: ${text}`, () => {
      const values = { config: { upstream: { apiKey: text } }, namespaces: ['shop'] };
      assert.ok(templateText({ values }).includes(text));
    });
  }

  test('and takes the URL of a Redis without a password as the fallback of a variable, but none with one', () => {
    const render = (redisUrl: string) => templateText({ values: { config: { store: { redisUrl } } } });
    assert.doesNotThrow(() => render('${REDIS:-redis://redis:6379}'));
    assert.throws(
      () => render('redis://:${PASSWORD:-sk-secret}@redis:6379'),
      /redisUrl has a password in it/,
    );
  });
});

describe('Helm refuses', () => {
  for (const [set, message] of refused) {
    test(set, () => assert.throws(() => templateText({ set: [set] }), message));
  }
});

describe('the gateway is refused', () => {
  const enabled = ['gateway.enabled=true', 'gateway.replicas=1', 'secret.apiKey=sk-1'];
  const caller = 'gateway.callers.keys[0].name=search';
  const key = 'gateway.callers.keys[0].key=0123456789abcdef';

  test('and is taken with a key for each caller and one for the upstream', () => {
    assert.match(templateText({ set: [...enabled, caller, key] }), /assistant-proxy-gateway-callers/);
  });

  for (const [title, set, message] of [
    ['without a caller', enabled, /callers\.keys is empty\. Whoever reaches the gateway spends your money/],
    ['with a caller that has no key', [...enabled, caller], /search has no key; set its key/],
    [
      'with a key here and a Secret with keys',
      [...enabled, caller, key, 'gateway.callers.existingSecret=callers'],
      /search has a key, but keys are in the Secret callers/,
    ],
    [
      'without a key for the upstream',
      ['gateway.enabled=true', 'gateway.replicas=1', caller, key],
      /the gateway has no key for the upstream/,
    ],
    [
      'with two pods and no Redis',
      ['gateway.enabled=true', 'secret.apiKey=sk-1', caller, key],
      /more than one pod of the gateway needs a Redis/,
    ],
  ] as const) {
    test(title, () => assert.throws(() => templateText({ set }), message));
  }
});

test('an authority twice as long-lived as its certificates is taken, and any where it is none of the chart’s own', () => {
  const source = 'injector.certificates.source=cert-manager';
  for (const further of ['authorityDays=180', 'days=1,injector.certificates.authorityDays=2']) {
    assert.match(templateText({ set: [source, `injector.certificates.${further}`] }), /kind: Certificate\n/);
  }
  const days = 'injector.certificates.authorityDays=1';
  assert.match(
    templateText({ set: [source, days, 'injector.certificates.issuerRef.name=ours'] }),
    /name: ours/,
  );
  assert.match(templateText({ set: [days] }), /authorityDays: 1\n/);
});

test('the schema knows each value that values.yaml has, and no other', () => {
  const values = parse(readFileSync(join(chartFolder, 'values.yaml'), 'utf8')) as object;
  const { properties } = JSON.parse(valuesSchema()) as Schema;
  const { global: _global, ...ofChart } = properties!;
  compare('', values, ofChart);

  function compare(path: string, written: object, known: Readonly<Record<string, Schema>>) {
    assert.deepEqual(Object.keys(written).toSorted(), Object.keys(known).toSorted(), path || 'at the top');
    for (const [key, value] of Object.entries(written)) {
      const schema = known[key]!;
      // A mapping that the user fills has no keys of its own.
      if (
        schema.properties &&
        Object.keys(value as object).length > 0 &&
        key !== 'requests' &&
        key !== 'limits'
      ) {
        compare(`${path}/${key}`, value as object, schema.properties);
      }
    }
  }
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}
