import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { chartFolder, helm } from './helm.ts';

test('after an install without values, the notes say how to make what pods need, to label, to restart and to look', () => {
  const notes = notesWith();
  assert.match(notes, /kubectl -n NAMESPACE create configmap assistant-proxy --from-file=config\.yaml/);
  assert.match(notes, /kubectl -n NAMESPACE create secret generic assistant-proxy --from-file=api-key=/);
  assert.match(notes, /kubectl label namespace NAMESPACE assistant-proxy\.io\/injection=enabled/);
  assert.match(notes, /kubectl -n NAMESPACE rollout restart deployment/);
  assert.match(notes, /metadata\.annotations\.assistant-proxy\\\.io\/status/);
  assert.match(notes, /helm test assistant-proxy -n assistant-proxy/);
  assert.match(notes, /While no injector answers, pods start without a sidecar/);
  assert.match(notes, /There is no Redis/);
});

test('with namespaces, keys, a Redis and high availability, the notes say no more than is left to do', () => {
  const notes = notesWith(
    join(chartFolder, 'ci/namespaces-values.yaml'),
    join(chartFolder, 'values-ha.yaml'),
  );
  assert.match(notes, /kubectl label namespace shop .*\n.*-n shop rollout .*\n.*label namespace search /);
  assert.doesNotMatch(notes, /NAMESPACE|create secret|no Redis|start without/);
  assert.doesNotMatch(notes, /sk-of|password/);
});

test('without an injector the notes speak of the gateway alone', () => {
  const notes = notesWith(join(chartFolder, 'ci/gateway-only-values.yaml'));
  assert.match(notes, /OPENAI_BASE_URL=http:\/\/assistant-proxy-gateway\.assistant-proxy\/v1/);
  assert.doesNotMatch(notes, /kubectl/);
});

function notesWith(...files: string[]): string {
  const values = files.flatMap((file) => ['--values', file]);
  const release = ['assistant-proxy', chartFolder, '--namespace', 'assistant-proxy'];
  const told = helm(['install', ...release, '--dry-run=client', ...values]);
  return told.slice(told.indexOf('\nNOTES:'));
}
