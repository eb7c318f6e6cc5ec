import assert from 'node:assert/strict';
import { type TestContext, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { sentOnce } from '../harness/sent-once.ts';
import { startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { seenUpstream } from '../sdk/seen-upstream.ts';
import { type StandIn, type StandInOptions, startStandIn } from '../stand-in/stand-in.ts';
import { preparePython } from './prepare-python.ts';
import { pythonSdks } from './python-sdks.ts';
import { runPython } from './run-python.ts';

const groups: Record<string, StandInOptions> = {
  openai: {},
  assistants: { assistants: 'live' },
};

before(async () => assert.equal(await preparePython(), undefined));

for (const sdk of pythonSdks) {
  for (const [group, options] of Object.entries(groups)) {
    test(`PyPI ${sdk.name} sees and does the same through the sidecar: ${group}`, async (t) => {
      const [direct, behind] = await Promise.all([start(t, options), start(t, options)]);
      const sidecar = await startSidecar(t, {
        upstreamUrl: behind.url,
        // What the SDKs do about failures is compared, not what the sidecar does.
        env: { ...sentOnce, ASSISTANT_PROXY_ASSISTANTS_BACKEND: 'passthrough' },
      });
      const script = ['scenarios.py', group];
      const [straight, through] = await Promise.all([
        runPython(sdk, script, { OPENAI_BASE_URL: direct.url, OPENAI_API_KEY: upstreamKey }),
        runPython(sdk, script, { OPENAI_BASE_URL: sidecar.url, OPENAI_API_KEY: 'sk-placeholder' }),
      ]);
      const names = Object.keys(straight);
      assert.ok(names.length > 0);
      assert.deepEqual(Object.keys(through), names);
      for (const name of names) assert.deepEqual(through[name], straight[name], name);
      await Promise.all([allClosed(direct), allClosed(behind)]);
      assert.deepEqual(seenUpstream(behind.requests), seenUpstream(direct.requests));
    });
  }
}

async function start(t: TestContext, options: StandInOptions): Promise<StandIn> {
  const standIn = await startStandIn({ ...options, deterministic: true, random: () => 0.5 });
  t.after(() => standIn.close());
  return standIn;
}

/** A stream that the application left is closed at once, but not before its process has ended. */
async function allClosed({ requests }: StandIn): Promise<void> {
  const deadlineMs = performance.now() + 2000;
  while (requests.some(({ closedAtMs }) => closedAtMs === undefined)) {
    assert.ok(performance.now() < deadlineMs, 'the upstream did not see the close');
    await sleep(5);
  }
}
