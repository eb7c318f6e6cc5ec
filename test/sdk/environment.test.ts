import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';
import { type Major, majors } from './sdk-versions.ts';

for (const major of majors) {
  test(`openai ${major}: an application is led through the sidecar by its environment alone`, async (t) => {
    const standIn = await startStandIn({ apiKey: upstreamKey, deterministic: true });
    t.after(() => standIn.close());
    const sidecar = await startSidecar(t, { upstreamUrl: standIn.url });

    const straight = await runApp(major, standIn.url, upstreamKey);
    const through = await runApp(major, sidecar.url, 'sk-placeholder');

    assert.ok(straight.includes('"object":"response"'));
    assert.equal(through, straight);
    assert.equal(sidecar.logLines().filter(({ msg }) => msg === 'request').length, 4);
  });
}

/** What the application prints, with nothing but two variables to go by. */
async function runApp(major: Major, baseUrl: string, apiKey: string): Promise<string> {
  const app = new URL('environment-app.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [app, String(major)], {
    env: { OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: apiKey },
  });
  return stdout;
}
