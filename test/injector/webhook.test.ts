import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { connect as connectSecurely } from 'node:tls';

import type { PatchOperation } from '../../src/injector/pods/json-patch.ts';
import type { Pod } from '../../src/injector/pods/pod-shape.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { applied, cases } from './pods/cases.ts';
import {
  addWebhookConfiguration,
  call,
  publishedBundle,
  responseIn,
  reviewOf,
  startInjector,
  until,
} from './start-injector.ts';

const deploymentPod = cases.find(({ name }) => name === 'deployment')!.pod;
const mistakenPod = cases.find(({ name }) => name === 'mistakes')!.pod;

async function startReady(t: TestContext, env: Record<string, string> = {}) {
  const api = await startApiServer(t);
  addWebhookConfiguration(api);
  const injector = await startInjector(t, api, { env });
  await until('ready', async () => (await injector.readiness()) === '200');
  const ca = publishedBundle(api);
  return {
    api,
    injector,
    send: (body: unknown, options: { path?: string; type?: string; method?: string } = {}) =>
      call({
        port: injector.port,
        ca,
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...options,
      }),
  };
}

test('from nothing but a webhook configuration, the API server calls it over TLS and gets a patch', async (t) => {
  const { send } = await startReady(t);
  const { status, body } = await send(reviewOf(deploymentPod));
  assert.equal(status, 200);
  const { apiVersion, kind } = JSON.parse(body) as Record<string, unknown>;
  assert.deepEqual([apiVersion, kind], ['admission.k8s.io/v1', 'AdmissionReview']);
  const { uid, allowed, patchType, patch } = responseIn(body);
  assert.deepEqual([uid, allowed, patchType], ['u-1', true, 'JSONPatch']);
  const operations = JSON.parse(Buffer.from(patch!, 'base64').toString()) as PatchOperation[];
  const { spec } = applied(deploymentPod, operations) as Pod;
  assert.equal(spec.initContainers![0]!.name, 'assistant-proxy');
});

test('what is no review is refused, and the answer says what to do', async (t) => {
  const { send, injector } = await startReady(t);
  const review = JSON.stringify(reviewOf(deploymentPod));
  const expected: [string, Parameters<typeof send>, number, RegExp][] = [
    ['v1beta1', [review.replace('k8s.io/v1', 'k8s.io/v1beta1')], 400, /admissionReviewVersions: \[v1\]/],
    ['no JSON', [review.slice(1)], 400, /no JSON/],
    ['nothing', [''], 400, /./],
    ['another kind', [{ apiVersion: 'v1', kind: 'Pod' }], 400, /must be an AdmissionReview/],
    ['no request', [{ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }], 400, /malformed/],
    ['no uid', [reviewOf(deploymentPod, { uid: 7 })], 400, /malformed: .*uid/],
    ['a form', [review, { type: 'text/plain' }], 415, /application\/json/],
    ['3 MB and more', ['x'.repeat(3 * 1024 * 1024 + 1)], 413, /at most 3145728 bytes/],
    ['another path', [review, { path: '/mutat' }], 404, /POST \/mutate/],
    ['GET', ['', { method: 'GET' }], 404, /POST \/mutate/],
  ];
  for (const [what, [body, options], status, says] of expected) {
    const answer = await send(body, options);
    assert.equal(answer.status, status, what);
    assert.match(answer.body, says, what);
  }
  assert.equal((await send(review)).status, 200);
  const metrics = await injector.metrics();
  assert.match(metrics, /assistant_proxy_injector_reviews_total\{result="injected"\} 1\n/);
  assert.match(metrics, /assistant_proxy_injector_reviews_total\{result="invalid"\} 8\n/);
  const [, expiry] = /^assistant_proxy_injector_certificate_expiry_timestamp_seconds (.+)$/m.exec(metrics)!;
  const daysLeft = (Number(expiry) * 1000 - Date.now()) / 86_400_000;
  assert.ok(daysLeft > 89 && daysLeft <= 90, expiry);
  const [, start] = /^assistant_proxy_injector_certificate_start_timestamp_seconds (.+)$/m.exec(metrics)!;
  assert.equal((Number(expiry) - Number(start)) / 3600, 90 * 24 + 1, 'dated back by an hour');
  assert.match(metrics, /assistant_proxy_injector_review_duration_seconds_count 9\n/);
});

test('what is no pod, or no new one, is let through as it is, or refused, as configured', async (t) => {
  const { send } = await startReady(t);
  const strict = await startReady(t, { ASSISTANT_PROXY_INJECTOR_ON_ERROR: 'deny' });
  const others = [{ apiVersion: 'apps/v1', kind: 'Deployment' }, null, 7, { ...deploymentPod, spec: [] }];
  for (const object of others) {
    const lenient = responseIn((await send(reviewOf(object))).body);
    assert.ok(lenient.allowed && lenient.patch === undefined);
    assert.match(lenient.warnings![0]!, /rules must send pods alone/);
    const { allowed, status } = responseIn((await strict.send(reviewOf(object))).body);
    assert.deepEqual([allowed, status!.code], [false, 422]);
  }
  for (const request of [
    { operation: 'UPDATE' },
    { operation: 'UPDATE', subResource: 'ephemeralcontainers' },
    { operation: 'CREATE', subResource: 'binding' },
    { operation: 'DELETE', object: null },
  ]) {
    const { allowed, patch, warnings } = responseIn(
      (await strict.send(reviewOf(deploymentPod, request))).body,
    );
    assert.deepEqual([allowed, patch, warnings], [true, undefined, undefined], JSON.stringify(request));
  }
});

test('connections that were opened ahead of a call, and never used, do not hold up its end', async (t) => {
  const { injector } = await startReady(t);
  const secure = connectSecurely({ port: injector.port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(secure, 'secureConnect');
  const silent = connect(injector.port, '127.0.0.1');
  await once(silent, 'connect');
  for (const socket of [secure, silent]) socket.on('error', () => {});
  t.after(() => [secure, silent].forEach((socket) => socket.destroy()));
  let isDown = false;
  const down = injector.shutDown().then(() => (isDown = true));
  await until('it has ended', () => isDown);
  await down;
});

test('while it ends, a call on a connection that the API server has kept is answered, and is the last on it', async (t) => {
  const { injector } = await startReady(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  t.after(() => agent.destroy());
  const ask = async () => {
    const options = { agent, method: 'POST', headers: { 'content-type': 'application/json' } };
    const sending = request(`https://127.0.0.1:${injector.port}/mutate`, options);
    sending.end(JSON.stringify(reviewOf(deploymentPod)));
    const [response] = (await once(sending, 'response')) as [IncomingMessage];
    const { allowed } = responseIn(await text(response));
    return { allowed, reused: sending.reusedSocket, connection: response.headers.connection };
  };
  assert.equal((await ask()).allowed, true);
  const down = injector.shutDown();
  assert.deepEqual(await ask(), { allowed: true, reused: true, connection: 'close' });
  await down;
});

test('a pod of a megabyte is answered', async (t) => {
  const { send } = await startReady(t);
  const { spec } = deploymentPod as Pod;
  const env = Array.from({ length: 10_000 }, (_, index) => ({ name: `V${index}`, value: 'x'.repeat(90) }));
  const pod = { ...deploymentPod, spec: { ...spec, containers: [{ ...spec.containers![0], env }] } };
  const review = JSON.stringify(reviewOf(pod));
  assert.ok(review.length > 1_000_000);
  const { status, body } = await send(review);
  assert.equal(status, 200);
  assert.ok(responseIn(body).patch!.length > 1_000_000);
});

test("a pod's mistakes: it starts without a sidecar, or is refused; warnings and an Event on its owner say why", async (t) => {
  for (const onError of ['ignore', 'deny']) {
    const { send, api } = await startReady(t, { ASSISTANT_PROXY_INJECTOR_ON_ERROR: onError });
    const { allowed, warnings, status } = responseIn((await send(reviewOf(owned(mistakenPod)))).body);
    assert.equal(allowed, onError === 'ignore');
    assert.match(warnings!.join('\n'), /assistant-proxy.io\/port must be an integer/);
    assert.ok(warnings!.every((warning) => warning.length <= 256));
    if (onError === 'deny') assert.match(status!.message, /native must be true or false; .*port must be/);
    // A ReplicaSet tries again and again; and what the API server only tries has no Event.
    await send(reviewOf(owned(mistakenPod)));
    await send(reviewOf(owned({ ...mistakenPod }, 'other'), { dryRun: true }));
    await until('an Event', () => eventsOf(api).length > 0);
    await send(reviewOf(owned(mistakenPod, 'third')));
    await until('another', () => eventsOf(api).length > 1);
    const [event, ...others] = eventsOf(api);
    assert.equal(others.length, 1);
    assert.deepEqual(event!.involvedObject, { ...owner, namespace: 'shop' });
    assert.equal(event!.reason, onError === 'deny' ? 'PodRefused' : 'NoSidecar');
    assert.match(event!.message, /port must be an integer/);
  }
});

test('an Event that can not be written delays nothing and is counted', async (t) => {
  const { send, api, injector } = await startReady(t);
  api.interceptWith(async (method, path) =>
    path.endsWith('/events') && method === 'POST'
      ? { status: 403, body: { kind: 'Status', message: 'events is forbidden' } }
      : undefined,
  );
  const { allowed } = responseIn((await send(reviewOf(owned(mistakenPod)))).body);
  assert.equal(allowed, true);
  await until('counted', async () =>
    (await injector.metrics()).includes('assistant_proxy_injector_events_lost_total 1'),
  );
});

test('with Events switched off none is written, nor tried, and the warnings stay', async (t) => {
  const { send, api, injector } = await startReady(t, { ASSISTANT_PROXY_INJECTOR_EVENTS: 'false' });
  const { warnings } = responseIn((await send(reviewOf(owned(mistakenPod)))).body);
  assert.match(warnings!.join('\n'), /assistant-proxy.io\/port must be an integer/);
  // Whatever was under way is over when it has ended.
  await injector.shutDown();
  assert.deepEqual(
    api.calls.filter((each) => each.includes('/events')),
    [],
  );
});

const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d4f', uid: 'r-1' };

function owned(pod: object, name = owner.name): object {
  const { metadata } = pod as Pod;
  return { ...pod, metadata: { ...metadata, ownerReferences: [{ ...owner, name, controller: true }] } };
}

interface Event {
  readonly involvedObject: object;
  readonly reason: string;
  readonly message: string;
}

function eventsOf(api: ApiServer): Event[] {
  return api.list('/api/v1/namespaces/shop/events') as unknown as Event[];
}
