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

test('the webhook is never asked about its own namespace nor the cluster’s', () => {
  const selectors = selectorsWith(['injector.webhook.excludedNamespaces={monitoring}']);
  assert.equal(selectors.length, 2);
  for (const { matchExpressions } of selectors) {
    assert.deepEqual(matchExpressions.at(-1), {
      key: 'kubernetes.io/metadata.name',
      operator: 'NotIn',
      values: ['kube-system', 'kube-public', 'kube-node-lease', 'assistant-proxy', 'monitoring'],
    });
  }
});

/** Of namespaces whose pods need not ask for a sidecar. */
function selectorWith(set: readonly string[]): Selector {
  return selectorsWith(set)[0]!;
}

function selectorsWith(set: readonly string[]): Selector[] {
  const configuration = templateObjects({ set }).find(({ kind }) => kind === 'MutatingWebhookConfiguration');
  const { webhooks } = configuration as unknown as { webhooks: { namespaceSelector: Selector }[] };
  return webhooks.map(({ namespaceSelector }) => namespaceSelector);
}
