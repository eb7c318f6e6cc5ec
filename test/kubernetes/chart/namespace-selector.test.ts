import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { parse } from 'yaml';

import { chartFolder, templateObjects } from './helm.ts';

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly { readonly key: string; readonly operator: string }[];
}

const path = 'injector.webhook.namespaceSelector';

describe('the namespaces whose pods get a sidecar are', () => {
  test('those with the label, where nothing else is said', () => {
    assert.deepEqual(selectorWith([]).matchLabels, { 'assistant-proxy.io/injection': 'enabled' });
  });

  test('those with the labels that are given, which need not have that one as well', () => {
    assert.deepEqual(selectorWith([`${path}.matchLabels.stage=production`]).matchLabels, {
      stage: 'production',
    });
  });

  test('all but the excluded ones, with what the README says', () => {
    const readme = readFileSync(join(chartFolder, 'README.md'), 'utf8');
    const [, values] = /```yaml\n(injector:\n {2}webhook:\n {4}namespaceSelector:\n[^`]+)```/.exec(readme)!;
    const { injector } = parse(values!) as { injector: { webhook: { namespaceSelector: Selector } } };
    const [expression] = injector.webhook.namespaceSelector.matchExpressions;
    const { matchLabels, matchExpressions } = selectorWith([
      `${path}.matchExpressions[0].key=${expression!.key}`,
      `${path}.matchExpressions[0].operator=${expression!.operator}`,
    ]);
    assert.equal(matchLabels, undefined);
    // The API server itself puts this label on each namespace.
    assert.deepEqual(matchExpressions[0], { key: 'kubernetes.io/metadata.name', operator: 'Exists' });
    assert.equal(matchExpressions.length, 2);
  });
});

function selectorWith(set: readonly string[]): Selector {
  const configuration = templateObjects({ set }).find(({ kind }) => kind === 'MutatingWebhookConfiguration');
  const { webhooks } = configuration as unknown as { webhooks: { namespaceSelector: Selector }[] };
  return webhooks[0]!.namespaceSelector;
}
