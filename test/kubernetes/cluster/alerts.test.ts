import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { parse } from 'yaml';

import { agedMaterial } from '../../injector/certificates/aged-material.ts';
import { until } from '../../injector/start-injector.ts';
import { type RunningPrometheus, startPrometheus } from '../../prometheus/start-prometheus.ts';
import { configurationPath, installChart, leasePath, release, secretPath } from './install-chart.ts';
import { createNamespace, injectionLabel, podOf, statusOf } from './objects.ts';
import { type SpawnedInjector, spawnReady } from './spawn-injector.ts';
import { startCluster } from './start-cluster.ts';

const ruleFile = join(import.meta.dirname, '../../../charts/assistant-proxy/rules/injector.yaml');
const rolePath = `/apis/rbac.authorization.k8s.io/v1/namespaces/${release}/roles/assistant-proxy-injector`;
const webhook = 'namespaces.assistant-proxy.io';

/** Metrics with what is asked of their labels, as they stand in an expression. */
const selector = /\b(?:assistant_proxy|apiserver)_\w+(?:\{[^}]*\})?/g;

const cluster = await startCluster({ after });
const { client } = cluster;
const installed = await installChart({ after }, cluster);
await createNamespace(client, 'shop', injectionLabel);
await createNamespace(client, 'elsewhere');

test('each alert about the injector is raised by what a real injector and a real kube-apiserver tell of its troubles, and none while all is well', async (t) => {
  const injector = await spawnReady(t, cluster, installed);
  // By the other webhook, so that what is let through meanwhile is told by the name of that.
  await until('the API server believes it', async () => {
    const pod = podOf('elsewhere', { labels: { 'assistant-proxy.io/inject': 'true' } });
    return statusOf((await client.tryCreate(pod, { dryRun: true })).body) === 'injected';
  });
  assert.equal(statusOf(await client.create(podOf('shop'))), 'injected');
  const prometheus = await startScraping(t, injector);
  // Rules are evaluated every second.
  await sleep(2500);
  const raised = await watchAlerts(t, prometheus);
  assert.deepEqual([...raised.keys()], []);

  await ageCertificate();
  await raised.waitFor('AssistantProxyInjectorCertificateFails');
  await raised.waitFor('AssistantProxyInjectorCertificateExpires');

  await client.create(podOf('shop', { name: 'wrong', annotations: { 'assistant-proxy.io/port': 'eighty' } }));
  const { result } = await raised.waitFor('AssistantProxyInjectorReviewsFail');
  assert.equal(result, 'failed');

  await holdLease();
  await raised.waitFor('AssistantProxyInjectorLeaderless');

  installed.service.setTargets([await startSilent(t)]);
  installed.service.breakConnections();
  assert.equal(statusOf(await client.create(podOf('shop', { name: 'ungoverned' }))), undefined);
  assert.equal((await raised.waitFor('AssistantProxyPodsUngoverned'))['name'], webhook);
  assert.equal((await raised.waitFor('AssistantProxyInjectorSlow'))['name'], webhook);

  await injector.end('SIGKILL');
  await raised.waitFor('AssistantProxyInjectorDown');
  installed.service.setTargets([]);
  await setFailurePolicy('Fail');
  await until('a pod is refused', async () => {
    return (await client.tryCreate(podOf('shop', { name: 'refused' }), { dryRun: true })).status === 500;
  });
  const refused = await raised.waitFor('AssistantProxyPodsRefused');
  assert.deepEqual([refused['name'], refused['error_type']], [webhook, 'calling_webhook_error']);

  const { groups } = parse(readFileSync(ruleFile, 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  const rules = groups.flatMap(({ rules: each }) => each);
  assert.deepEqual([...raised.keys()].toSorted(), rules.map(({ alert }) => alert).toSorted());
  const selectors = new Set(rules.flatMap(({ expr }) => expr.match(selector)!));
  assert.equal(selectors.size, 8);
  for (const each of selectors) {
    const found = await prometheus.query(`last_over_time(${each}[10m])`, Date.now());
    assert.ok(found.length > 0, `nobody tells ${each}`);
  }
  t.diagnostic(`${raised.size} alerts raised, ${selectors.size} selectors with data`);
});

async function startScraping(t: TestContext, { adminUrl }: SpawnedInjector): Promise<RunningPrometheus> {
  const { host } = new URL(cluster.url);
  const prometheus = await startPrometheus(t, {
    ruleFiles: [ruleFile],
    targets: [{ address: new URL(adminUrl).host, labels: { namespace: release, pod: 'injector-1' } }],
    scrapes: [
      {
        job_name: 'apiserver',
        scheme: 'https',
        // It tells several megabytes.
        scrape_interval: '3s',
        scrape_timeout: '3s',
        authorization: { credentials: cluster.token },
        tls_config: { ca_file: cluster.authorityFile },
        static_configs: [{ targets: [host], labels: { namespace: 'default' } }],
      },
    ],
  });
  await until('both are scraped, and calls of the webhook are told', async () => {
    const calls = `apiserver_admission_webhook_admission_duration_seconds_count{name="${webhook}"}`;
    const seen = await Promise.all(
      [calls, 'assistant_proxy_injector_leader == 1'].map((expr) => prometheus.query(expr, Date.now())),
    );
    return seen.every((series) => series.length > 0);
  });
  return prometheus;
}

/** What is pending or fires, from the first that is seen of it on. */
async function watchAlerts(t: TestContext, prometheus: RunningPrometheus) {
  const raised = new Map<string, Readonly<Record<string, string>>>();
  async function look(): Promise<void> {
    const { alerts } = (await prometheus.ask('alerts')) as { alerts: RaisedAlert[] };
    for (const { labels, annotations } of alerts) {
      if (labels['name'] !== undefined && labels['name'] !== webhook) continue;
      const { alertname = '' } = labels;
      assert.doesNotMatch(Object.values(annotations).join(), /error expanding|<no value>/);
      if (!raised.has(alertname)) t.diagnostic(`${alertname}: ${annotations['summary']}`);
      raised.set(alertname, labels);
    }
  }
  await look();
  return Object.assign(raised, {
    async waitFor(alertname: string) {
      await until(
        alertname,
        async () => {
          await look();
          return raised.has(alertname);
        },
        60_000,
      );
      return raised.get(alertname)!;
    },
  });
}

interface RaisedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Ten days of it are left, and whoever leads may not renew it. */
async function ageCertificate(): Promise<void> {
  const { rules } = (await client.get(rolePath)) as unknown as { rules: { resources: string[] }[] };
  await client.patch(rolePath, {
    rules: rules.map((rule) => (rule.resources.includes('secrets') ? { ...rule, verbs: ['get'] } : rule)),
  });
  const { data } = await agedMaterial({ namespace: release, authorityDays: 100, servingDays: 80 });
  await client.patch(secretPath, { data });
}

/** In the name of somebody who never looks after anything. */
async function holdLease(): Promise<void> {
  await client.patch(leasePath, {
    spec: { holderIdentity: 'nobody', renewTime: new Date().toISOString().replace('Z', '000Z') },
  });
}

/** Takes connections, and never answers. Resolves to its port. */
async function startSilent(t: TestContext): Promise<number> {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  return (silent.address() as AddressInfo).port;
}

async function setFailurePolicy(failurePolicy: string): Promise<void> {
  const { webhooks } = (await client.get(configurationPath)) as unknown as { webhooks: object[] };
  await client.patch(configurationPath, {
    webhooks: webhooks.map((each) => ({ ...each, failurePolicy })),
  });
}
