import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { readMaterial } from '../../../src/injector/certificates/material.ts';
import { createAuthority } from '../../upstream/certificates.ts';
import { type ApiServer, startApiServer } from '../api-server.ts';
import { cases } from '../pods/cases.ts';
import {
  addWebhookConfiguration,
  call,
  publishedBundle,
  responseIn,
  reviewOf,
  type RunningInjector,
  secretPath,
  serviceName,
  startInjector,
  until,
} from '../start-injector.ts';
import { agedMaterial } from './aged-material.ts';

const review = JSON.stringify(reviewOf(cases.find(({ name }) => name === 'deployment')!.pod));

/** How far an API server's knowledge of the webhook configuration is behind. */
const lagMs = 200;

test('while authority and certificate are rotated, every call to either of two injectors succeeds', async (t) => {
  const api = await startApiServer(t);
  addWebhookConfiguration(api);
  api.put(secretPath, await agedMaterial());
  const before = readMaterial(api.get(secretPath)!)!;
  const inFlight: ReturnType<typeof beginCall>[] = [];
  t.after(() => inFlight.forEach(({ abort }) => abort()));
  const injectors = [
    await startInjector(t, api, { settleMs: 1500 }),
    // It looks seldom, and so serves the old certificate for longer.
    await startInjector(t, api, { settleMs: 1500, refreshMs: 700 }),
  ];
  for (const injector of injectors) {
    await until('ready', async () => (await injector.readiness()) === '200');
  }
  await until('a bundle', () => publishedBundle(api) !== '');
  const known = laggingBundle(api);
  t.after(known.stop);
  await sleep(2 * lagMs);
  inFlight.push(...injectors.map((injector) => beginCall(injector, known.pem())));

  const seen = injectors.map(() => new Set<string>());
  const old = new X509Certificate(before.serving.certificate).fingerprint256;
  let calls = 0;
  let finish = 0;
  while (finish < 20) {
    assert.ok(calls < 3000, 'no other certificate is ever served');
    const answers = await Promise.all(
      injectors.map(({ port }) => call({ port, ca: known.pem(), body: review })),
    );
    for (const [index, { status, body, certificate }] of answers.entries()) {
      assert.equal(status, 200);
      assert.ok(responseIn(body).patch);
      seen[index]!.add(certificate);
      calls += 1;
    }
    await sleep(10);
    if (seen.every((certificates) => [...certificates].some((each) => each !== old))) finish += 1;
  }
  for (const certificates of seen) assert.equal(certificates.size, 2, 'the old one, and then one new one');
  assert.ok(calls > 40, `${calls}`);
  for (const { finishWith } of inFlight) {
    const { status, body } = await finishWith();
    assert.equal(status, 200);
    assert.ok(responseIn(body).allowed);
  }
  const led = await Promise.all(injectors.map(leads));
  assert.deepEqual(led.toSorted(), ['0', '1'], 'one of them looks after it');
  const after = readMaterial(api.get(secretPath)!)!;
  assert.equal(after.authorities.length, 2);
  assert.ok(
    new X509Certificate(after.serving.certificate).verify(
      new X509Certificate(after.authorities[0]!).publicKey,
    ),
  );
});

test('while the API server is out of reach it lives and waits; once it is back it is ready', async (t) => {
  const api = await startApiServer(t);
  addWebhookConfiguration(api);
  api.setDown(true);
  const injector = await startInjector(t, api);
  await until('it has failed', () => injector.logged().includes("Kubernetes API can't be reached"));
  assert.equal(await injector.readiness(), 'there is no certificate yet');
  assert.equal((await fetch(`${injector.adminUrl}/livez`)).status, 200);
  assert.match(await injector.metrics(), /assistant_proxy_injector_certificate_failures_total [1-9]/);
  api.setDown(false);
  await until('ready', async () => (await injector.readiness()) === '200');
  await callOnce(injector, api);
  api.setDown(true);
  await sleep(150);
  api.setDown(false);
  await callOnce(injector, api);
});

test('without a webhook configuration it says so, and is ready for when there is one', async (t) => {
  const api = await startApiServer(t);
  const injector = await startInjector(t, api);
  await until('ready', async () => (await injector.readiness()) === '200');
  await until('told', () =>
    injector.logged().includes('there is no MutatingWebhookConfiguration assistant-proxy-injector'),
  );
  addWebhookConfiguration(api);
  await until('published', () => publishedBundle(api) !== '');
  await callOnce(injector, api);
});

test('a certificate that expired while nobody ran is replaced at the start; a bundle that somebody took away is put back', async (t) => {
  const api = await startApiServer(t);
  addWebhookConfiguration(api);
  api.put(secretPath, await agedMaterial({ authorityDays: 200, servingDays: 91 }));
  const injector = await startInjector(t, api, { settleMs: 600_000 });
  await until('published', () => publishedBundle(api) !== '');
  await until('ready', async () => (await injector.readiness()) === '200');
  await callOnce(injector, api);
  addWebhookConfiguration(api);
  assert.equal(publishedBundle(api), '');
  await until('published again', () => publishedBundle(api) !== '');
  await callOnce(injector, api);
});

test('a certificate that has expired makes it unready, as nobody can call it', async (t) => {
  const api = await startApiServer(t);
  addWebhookConfiguration(api);
  api.put(secretPath, await agedMaterial({ authorityDays: 200, servingDays: 91 }));
  api.interceptWith(async (method, path) =>
    path.includes('/leases') && method !== 'GET' ? { status: 409, body: {} } : undefined,
  );
  const injector = await startInjector(t, api);
  await until('told', async () => (await injector.readiness()) === 'the certificate has expired');
  assert.equal(await leads(injector), '0', 'it never gets hold of the Lease');
});

test("cert-manager's files are read again when they change, together or one by one, and nothing restarts", async (t) => {
  const api = await startApiServer(t);
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { caFile, issue } = createAuthority(t);
  const ca = readFileSync(caFile, 'utf8');
  const write = ({ key, cert }: { key?: Buffer; cert?: Buffer }) => {
    if (key) writeFileSync(join(folder, 'tls.key'), key);
    if (cert) writeFileSync(join(folder, 'tls.crt'), cert);
  };
  const injector = await startInjector(t, api, {
    env: {
      ASSISTANT_PROXY_INJECTOR_CERTIFICATES: 'files',
      ASSISTANT_PROXY_INJECTOR_CERTIFICATE_FILE: join(folder, 'tls.crt'),
      ASSISTANT_PROXY_INJECTOR_KEY_FILE: join(folder, 'tls.key'),
    },
  });
  await until('told', () =>
    /injector\.(certificate|key)File: .* can't be read \(ENOENT\)/.test(injector.logged()),
  );
  const first = issue({ host: serviceName });
  write(first);
  await until('ready', async () => (await injector.readiness()) === '200');
  const shown = async () => (await call({ port: injector.port, ca, body: review })).certificate;
  assert.equal(await shown(), new X509Certificate(first.cert).fingerprint256);
  assert.equal(await leads(injector), '1');
  const second = issue({ host: serviceName });
  write({ cert: second.cert });
  await until('told', () => injector.logged().includes('are no certificate and its key'));
  assert.equal(await shown(), new X509Certificate(first.cert).fingerprint256);
  write({ key: second.key });
  await until('changed', async () => (await shown()) === new X509Certificate(second.cert).fingerprint256);
  assert.deepEqual(
    api.calls.filter((each) => !each.includes('/events')),
    [],
  );
});

async function leads(injector: RunningInjector): Promise<string> {
  return /^assistant_proxy_injector_leader (.+)$/m.exec(await injector.metrics())![1]!;
}

async function callOnce({ port }: RunningInjector, api: ApiServer): Promise<void> {
  const { status, body } = await call({ port, ca: publishedBundle(api), body: review });
  assert.equal(status, 200);
  assert.ok(responseIn(body).patch);
}

/** What an API server that hears late takes for the bundle. */
function laggingBundle(api: ApiServer): { pem(): string; stop(): void } {
  const history = [publishedBundle(api)];
  const timer = setInterval(() => {
    history.push(publishedBundle(api));
    if (history.length > 5) history.shift();
  }, lagMs / 4);
  return { pem: () => history[0]!, stop: () => clearInterval(timer) };
}

/** Sends the first half of a call now, and the rest when it is told to. */
function beginCall({ port }: RunningInjector, ca: string) {
  const sending = request({
    host: '127.0.0.1',
    port,
    ca,
    servername: serviceName,
    path: '/mutate',
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(review) },
  });
  sending.write(review.slice(0, 100));
  sending.on('error', () => {});
  return {
    abort: () => sending.destroy(),
    async finishWith() {
      sending.end(review.slice(100));
      const [response] = await once(sending, 'response');
      return { status: response.statusCode as number, body: await text(response) };
    },
  };
}
