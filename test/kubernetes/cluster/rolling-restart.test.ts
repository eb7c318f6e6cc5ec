import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../../injector/start-injector.ts';
import { installChart } from './install-chart.ts';
import { createNamespace, injectionLabel, podOf, statusOf, untilInjected } from './objects.ts';
import { type SpawnedInjector, spawnInjector } from './spawn-injector.ts';
import { startCluster } from './start-cluster.ts';

const cluster = await startCluster({ after });
const { client } = cluster;
const installed = await installChart({ after }, cluster, ['--set=injector.webhook.failurePolicy=Fail']);
await createNamespace(client, 'shop', injectionLabel);

test('while the injectors are replaced one by one, every pod gets a sidecar: those that end answer what has come, and on connections that are kept', async (t) => {
  const spawnOne = async () => {
    const injector = await spawnInjector(t, cluster, installed);
    await until('ready', async () => (await injector.readiness()) === '200');
    return injector;
  };
  let injectors: SpawnedInjector[] = [await spawnOne(), await spawnOne()];
  const lead = () => installed.service.setTargets(injectors.map(({ port }) => port));
  lead();
  await untilInjected(client, 'shop');

  const over = new AbortController();
  let pods = 0;
  const ask = async () => {
    while (!over.signal.aborted) {
      const pod = podOf('shop', { name: `web-${pods}` });
      const { status, body } = await client.tryCreate(pod, { dryRun: true });
      assert.equal(status, 201, body.message);
      assert.equal(statusOf(body), 'injected');
      pods += 1;
    }
  };
  const replaceAll = async () => {
    for (const old of injectors) {
      injectors = [...injectors.filter((each) => each !== old), await spawnOne()];
      lead();
      // The API server goes on with the connections that it has.
      await sleep(500);
      assert.equal(await old.end('SIGTERM'), 0, old.output());
    }
  };
  await Promise.all([ask(), ask(), ask(), ask(), replaceAll().finally(() => over.abort())]);
  t.diagnostic(`${pods} pods, none of them refused`);
  assert.ok(pods > 100, `${pods} pods`);
});
