import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { comparable } from '../assistants/compared/comparable.ts';
import { differences } from '../assistants/compared/differences.ts';
import { startServed } from '../harness/served.ts';
import { startStandIn } from '../stand-in/stand-in.ts';
import { preparePython } from './prepare-python.ts';
import { type PythonEnvironment, langChain, pythonSdks } from './python-sdks.ts';
import { runPython } from './run-python.ts';

const newest = pythonSdks[2];

before(async () => assert.equal(await preparePython(), undefined));

for (const sdk of pythonSdks) {
  servedAlike(`the helpers of PyPI ${sdk.name}`, sdk, ['assistants.py']);
}
servedAlike('the loop of every tutorial, with the SDK', newest, ['classic_loop.py', 'sdk']);
servedAlike('the loop of every tutorial, with plain HTTP', newest, ['classic_loop.py', 'http']);
servedAlike('LangChain’s OpenAIAssistantRunnable', langChain, ['langchain_assistant.py']);

/** An application that finds its way by two variables sees the same of the real API and of the sidecar's. */
function servedAlike(application: string, environment: PythonEnvironment, script: readonly string[]): void {
  test(`${application}: the served API gives what the real one gave`, async (t) => {
    const direct = await startStandIn({ assistants: 'live' });
    t.after(() => direct.close());
    const { sidecar } = await startServed(t, { backend: 'responses' });
    const [straight, through] = await Promise.all([
      runPython(environment, script, { OPENAI_BASE_URL: direct.url, OPENAI_API_KEY: direct.apiKey }),
      runPython(environment, script, { OPENAI_BASE_URL: sidecar.url, OPENAI_API_KEY: 'sk-placeholder' }),
    ]);
    assert.ok(Object.keys(straight).length > 0);
    assert.deepEqual(differences(comparable(through), comparable(straight)), []);
  });
}
