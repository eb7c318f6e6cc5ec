import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import OpenAI from 'openai';

import { type Backend, startServed } from '../../harness/served.ts';
import { upstreamKey } from '../../harness/sidecar.ts';
import { type StandInOptions, startStandIn } from '../../stand-in/stand-in.ts';
import { comparable } from './comparable.ts';
import { differences } from './differences.ts';
import type { Scenario } from './scenario.ts';
import { listScenarios } from './scenarios/all-assistants.ts';
import { builtInToolScenarios } from './scenarios/built-in-tools.ts';
import { cancelScenarios } from './scenarios/cancel.ts';
import { errorScenarios } from './scenarios/errors.ts';
import { expiryScenarios } from './scenarios/expiry.ts';
import { functionToolScenarios } from './scenarios/function-tools.ts';
import { objectScenarios } from './scenarios/objects.ts';
import { runScenarios } from './scenarios/runs.ts';
import { streamScenarios } from './scenarios/streams.ts';

interface Setting {
  readonly standIn?: StandInOptions;
  /** The sidecar's. */
  readonly env?: Record<string, string>;
}

const expiresSoon: Setting = {
  standIn: { runExpiresAfterSeconds: 1 },
  env: { ASSISTANT_PROXY_ASSISTANTS_EXPIRE_AFTER_SECONDS: '1' },
};

/** Runs are as quick as they can be, and still have a middle. */
const quick = { queuedMs: 5, workMs: 20 };

/** Declares the tests of one backend: whatever it can serve must be as the stand-in itself has it. */
export function compareApi(backend: Backend): void {
  compare(backend, 'lists of all assistants', listScenarios);
  compare(backend, 'objects', objectScenarios);
  compare(backend, 'errors', errorScenarios);
  compare(backend, 'runs', runScenarios);
  compare(backend, 'streams', streamScenarios);
  compare(backend, 'function tools', functionToolScenarios);
  compare(backend, 'built-in tools', builtInToolScenarios);
  compare(backend, 'cancelling', cancelScenarios);
  compare(backend, 'expiry', expiryScenarios, expiresSoon);
}

function compare(backend: Backend, subject: string, scenarios: readonly Scenario[], setting: Setting = {}) {
  const able = scenarios.filter(({ backends }) => backends?.includes(backend) ?? true);
  if (able.length === 0) return;
  describe(subject, { concurrency: 4 }, () => {
    const releases: (() => Promise<void>)[] = [];
    let clients: OpenAI[] = [];
    before(async () => {
      const lifetime = { after: (release: () => Promise<void>) => releases.unshift(release) };
      clients = await startBoth(backend, setting, lifetime);
    });
    after(async () => {
      for (const release of releases) await release();
    });
    for (const { title, run } of able) {
      test(title, async () => {
        const [straight, through] = await Promise.all(clients.map(run));
        assert.deepEqual(differences(comparable(through), comparable(straight)), []);
      });
    }
  });
}

/** Clients of the stand-in itself, and of a sidecar before another one. */
async function startBoth(
  backend: Backend,
  { standIn, env }: Setting,
  lifetime: Parameters<typeof startServed>[0],
): Promise<OpenAI[]> {
  const options = { ...quick, apiKey: upstreamKey, ...standIn };
  const direct = await startStandIn({ ...options, assistants: 'live' });
  lifetime.after(() => direct.close());
  const { sidecar } = await startServed(lifetime, { backend, standIn: options, ...(env && { env }) });
  return [clientOf(direct.url, upstreamKey), clientOf(sidecar.url, 'sk-placeholder')];
}

function clientOf(baseURL: string, apiKey: string): OpenAI {
  return new OpenAI({ baseURL, apiKey, maxRetries: 0 });
}
