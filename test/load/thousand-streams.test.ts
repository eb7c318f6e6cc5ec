import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Agent, request } from 'undici';

import { spawnSidecar, spawnStandIn } from '../harness/processes.ts';
import { upstreamKey } from '../harness/sidecar.ts';

const streams = 1000;
/** So slow that all of them run at the same time. */
const chunkDelayMs = 400;

test('1,000 streams at once complete, each byte for byte what the upstream sends', async (t) => {
  const standIn = await spawnStandIn(t, '--deterministic', '--chunk-delay-ms', String(chunkDelayMs));
  const sidecar = await spawnSidecar(t, standIn.url);
  const agent = new Agent({ connections: null });
  t.after(() => agent.destroy());

  const direct = await Promise.all(questions().map((question) => ask(agent, standIn.url, question)));
  let peak = 0;
  const watch = setInterval(async () => {
    const text = await (await fetch(`${sidecar.adminUrl}/metrics`)).text();
    peak = Math.max(peak, Number(/^assistant_proxy_requests_in_flight (\d+)/m.exec(text)?.[1]));
  }, 250);
  const through = await Promise.all(questions().map((question) => ask(agent, sidecar.url, question)));
  clearInterval(watch);

  for (const [index, bytes] of through.entries()) assert.ok(bytes.equals(direct[index]!), `stream ${index}`);
  assert.ok(new Set(direct.map(String)).size >= streams, 'the streams must differ from each other');
  assert.ok(peak > streams * 0.9, `only ${peak} streams ran at the same time`);
  t.diagnostic(`${peak} streams in flight at the peak; ${sidecar.residentMiB().toFixed(0)} MiB resident`);
});

interface Question {
  readonly path: string;
  readonly body: string;
}

/** Half of them Responses; of the Chat Completions half ask for their usage and half don't. */
function questions(): Question[] {
  return Array.from({ length: streams }, (_, index) => {
    const text = `Question ${index} [[words:12]]`;
    if (index % 2 === 0) {
      return { path: '/responses', body: JSON.stringify({ model: 'gpt-4o', input: text, stream: true }) };
    }
    const messages = [{ role: 'user', content: text }];
    const options = index % 4 === 1 ? { stream_options: { include_usage: true } } : {};
    return {
      path: '/chat/completions',
      body: JSON.stringify({ model: 'gpt-4o', messages, stream: true, ...options }),
    };
  });
}

async function ask(agent: Agent, url: string, { path, body }: Question): Promise<Buffer> {
  const answer = await request(url + path, {
    method: 'POST',
    dispatcher: agent,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${upstreamKey}` },
    body,
  });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  assert.equal(answer.statusCode, 200, bytes.toString());
  return bytes;
}
