import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { systemClock } from '../../../src/clock.ts';
import { createLeadership } from '../../../src/injector/certificates/leadership.ts';
import { bundle, readMaterial } from '../../../src/injector/certificates/material.ts';
import { createSelfCertificate } from '../../../src/injector/certificates/self-certificate.ts';
import { createKubernetesClient } from '../../../src/injector/kubernetes/kubernetes-client.ts';
import { readServiceAccount } from '../../../src/injector/kubernetes/service-account.ts';
import { createFakeClock } from '../../harness/fake-clock.ts';
import { type ApiServer, startApiServer } from '../api-server.ts';
import { addWebhookConfiguration, publishedBundle, secretPath } from '../start-injector.ts';
import { agedMaterial } from './aged-material.ts';

const secretFolder = '/api/v1/namespaces/system/secrets';

function clientOf(t: TestContext, api: ApiServer) {
  const client = createKubernetesClient(api.url, readServiceAccount(api.serviceAccountDir));
  t.after(() => client.close());
  return client;
}

function contender(t: TestContext, api: ApiServer, identity: string) {
  const problems: string[] = [];
  const source = createSelfCertificate({
    client: clientOf(t, api),
    clock: systemClock,
    namespace: 'system',
    name: 'assistant-proxy-injector',
    identity,
    certificateDays: 90,
    authorityDays: 365,
    settleMs: 60_000,
    onLeading() {},
    onProblem: (error) => problems.push(error.message),
  });
  return { source, problems };
}

/** All believe that they lead, as when a Lease was lost unnoticed. */
function withoutLeases(api: ApiServer): void {
  api.interceptWith(async (method, path) => {
    if (!path.includes('/leases')) return undefined;
    return method === 'GET' ? { status: 404, body: {} } : { status: 201, body: {} };
  });
}

test('injectors that all believe they lead end with one Secret, which each serves and the API server trusts', async (t) => {
  const api = await startApiServer(t);
  withoutLeases(api);
  for (const begin of ['nothing', 'an authority past two thirds of its life'] as const) {
    for (let round = 0; round < 5; round += 1) {
      addWebhookConfiguration(api);
      const present = api.get(secretPath);
      if (begin === 'nothing' && present) api.put(secretPath, { ...present, data: {} });
      if (begin !== 'nothing')
        api.put(secretPath, { ...(await agedMaterial()), metadata: present!.metadata });
      const contenders = ['a', 'b', 'c', 'd'].map((identity) => contender(t, api, identity));
      await Promise.all(contenders.map(({ source }) => source.refresh()));
      const served = await Promise.all(contenders.map(({ source }) => source.refresh()));
      const material = readMaterial(api.get(secretPath)!)!;
      assert.deepEqual(
        served.map((each) => each?.certificate),
        contenders.map(() => material.serving.certificate),
      );
      assert.equal(publishedBundle(api), bundle(material.authorities));
      assert.equal(material.authorities.length, begin === 'nothing' ? 1 : 2);
      assert.deepEqual(
        contenders.flatMap(({ problems }) => problems),
        [],
      );
    }
  }
});

test('only the one that has the Lease writes; when it lets go another takes over at once', async (t) => {
  const api = await startApiServer(t);
  addWebhookConfiguration(api);
  const [a, b] = [contender(t, api, 'a'), contender(t, api, 'b')];
  assert.ok(await a.source.refresh());
  const writes = () => api.calls.filter((call) => call.includes(secretFolder) && !call.startsWith('GET'));
  assert.equal(writes().length, 1);
  const present = api.get(secretPath)!;
  api.put(secretPath, { ...present, data: {} });
  assert.equal(await b.source.refresh(), undefined);
  assert.equal(writes().length, 1);
  await a.source.close();
  assert.ok(await b.source.refresh());
  assert.equal(writes().length, 2);
});

test('the Lease of one that is gone is taken when it has not changed for as long as it says, whatever its clock said', async (t) => {
  const api = await startApiServer(t);
  const clock = createFakeClock();
  const lead = (identity: string) =>
    createLeadership({ client: clientOf(t, api), clock, namespace: 'system', name: 'lead', identity });
  const [a, b, c] = [lead('a'), lead('b'), lead('c')];
  assert.deepEqual([await a.hold(), await b.hold()], [true, false]);
  await clock.advance(20_000);
  // It renews, so the time begins again.
  assert.deepEqual([await a.hold(), await b.hold()], [true, false]);
  await clock.advance(29_000);
  assert.deepEqual([await b.hold(), await c.hold()], [false, false]);
  await clock.advance(1_000);
  const [byB, byC] = await Promise.all([b.hold(), c.hold()]);
  assert.deepEqual([byB, byC], [true, false]);
  assert.equal(await a.hold(), false);
});

test('two that take a lapsed Lease at the same time: one gets it', async (t) => {
  const api = await startApiServer(t);
  const clock = createFakeClock();
  const lead = (identity: string) =>
    createLeadership({ client: clientOf(t, api), clock, namespace: 'system', name: 'lead', identity });
  await lead('gone').hold();
  const candidates = ['a', 'b', 'c', 'd'].map(lead);
  await Promise.all(candidates.map((each) => each.hold()));
  await clock.advance(30_000);
  const held = await Promise.all(candidates.map((each) => each.hold()));
  assert.equal(held.filter(Boolean).length, 1);
});

test('the token is read again when it is replaced, and errors tell what the service account lacks', async (t) => {
  const api = await startApiServer(t);
  const client = clientOf(t, api);
  assert.equal(await client.get('/api/v1/namespaces/system/secrets/none'), undefined);
  api.setToken('token-2');
  await assert.rejects(client.get(secretPath), /answered 401 to get .*secrets.*: Unauthorized/);
  const { writeFileSync } = await import('node:fs');
  writeFileSync(`${api.serviceAccountDir}/token`, 'token-2\n');
  assert.equal(await client.get(secretPath), undefined);
  api.interceptWith(async () => ({ status: 403, body: { kind: 'Status', message: 'no access' } }));
  await assert.rejects(client.get(secretPath), /403.*no access; the service account needs a Role/);
});
