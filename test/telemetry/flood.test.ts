import assert from 'node:assert/strict';
import { test } from 'node:test';

import { postJson } from '../harness/governed.ts';
import { type Family, parseExposition } from '../harness/parse-exposition.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';

const calls = 10_000;
const together = 32;
const most = 20;

/** Plain names, and such as break what isn't careful: of lines, quotes, objects and encodings. */
const manglers: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => `${name}"} 1\nassistant_proxy_requests_total{operation="forged"} 99\n# HELP forged x`,
  (name) => `${name}\\"\\n`,
  (name) => `"${name}",model="other`,
  (name) => `__proto__${name.length}`,
  (name) => `${name}\u0000\u2028\ud800`,
  (name) => name.repeat(100),
];

test('ten thousand models, users, teams and applications, however they are spelled, leave /metrics small and sound', async (t) => {
  const upstream = await startUpstream(t, async (request, response) => {
    const { model } = JSON.parse(await readText(request)) as { model: string };
    answerJson(response, { model, usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } });
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_TELEMETRY_LOG_LEVEL: 'error' },
    config: `
identity: { org: acme, team: [metadata.team], app: [metadata.app], user: [metadata.user] }
budgets:
  - { name: by-user, per: [user], limit: { tokens: 1000000 }, window: { every: day } }
  - { name: by-model, per: [team, app, model], limit: { usd: 1000 }, window: { rolling: 1d } }
telemetry: { maxModelLabels: ${most}, maxIdentityLabels: ${most}, maxBudgetScopes: ${most} }
`,
  });
  let sent = 0;
  const drive = async () => {
    while (sent < calls) {
      const index = sent++;
      const mangle = manglers[index % manglers.length]!;
      const metadata = {
        team: mangle(`team-${index}`),
        app: mangle(`app-${index}`),
        user: mangle(`user-${index}`),
      };
      const body = { model: mangle(`model-${index}`), messages: [], max_tokens: 5, metadata };
      const answer = await postJson(`${sidecar.url}/chat/completions`, body);
      assert.equal(answer.status, 200, await answer.text());
    }
  };
  await Promise.all(Array.from({ length: together }, drive));

  const text = await sidecar.metrics();
  const families = parseExposition(text);
  for (const [label, bound] of [
    ['model', most],
    ['gen_ai_request_model', most],
    ['team', most],
    ['app', most],
    // What isn't told as a gauge may be told as a counter.
    ['scope', 3 * most],
  ] as const) {
    const values = valuesOf(families, label);
    assert.ok(values.size > most / 2 && values.size <= bound + 2, `${label}: ${values.size} values`);
    assert.ok(values.has('other'), label);
    for (const value of values) assert.match(value, /^[ -~]{0,300}$/, label);
  }
  assert.ok(text.length < 4_000_000, `${text.length} bytes`);
  assert.equal(sumOf(families, 'assistant_proxy_requests_total'), calls);
  assert.equal(sumOf(families, 'assistant_proxy_tokens_total'), 15 * calls);
  assert.equal(sumOf(families, 'gen_ai_client_token_usage', '_count'), 2 * calls);
  assert.ok(sumOf(families, 'assistant_proxy_budget_series_dropped') > calls / 2);
});

function valuesOf(families: Map<string, Family>, label: string): Set<string> {
  const all = [...families.values()].flatMap(({ samples }) => samples.map(({ labels }) => labels[label]));
  return new Set(all.filter((value) => value !== undefined));
}

function sumOf(families: Map<string, Family>, name: string, end = ''): number {
  const samples = families.get(name)?.samples ?? [];
  return samples.filter((one) => one.name === name + end).reduce((sum, { value }) => sum + value, 0);
}
