/**
 * A story on one machine, with nothing but Node: a stand-in for OpenAI, the sidecar, and an application that
 * uses the official SDK and knows of neither.
 *
 *   npm run demo [-- --keep] [--port N] [--admin-port N]
 *
 * --keep leaves everything running, to play with, on the default ports unless told otherwise.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import OpenAI from 'openai';

import { createNarrator } from './narrator.ts';
import { type Running, start } from './processes.ts';

const { values } = parseArgs({
  options: {
    keep: { type: 'boolean', default: false },
    port: { type: 'string' },
    'admin-port': { type: 'string' },
  },
});
const { chapter, say, quote, during, trickle } = createNarrator(process.stdout);

const realKey = 'sk-the-real-key-from-a-secret';
const placeholder = 'sk-placeholder';

say('assistant-proxy: a sidecar between your application and OpenAI.');
say('Everything here runs on this machine; no call leaves it.');

const standIn = await during(
  'starting a stand-in for OpenAI',
  start(['test/stand-in/serve.ts', '--api-key', realKey, '--chunk-delay-ms', '25'], {}),
);
const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-demo-'));
const configFile = join(folder, 'config.yaml');
const configuration = `identity: { org: acme, team: [metadata.team] }
budgets:
  - { name: team-hour, per: [team], limit: { tokens: 1000 }, window: { every: hour }, match: { team: search } }
`;
writeFileSync(configFile, `${configuration}store: { stateDir: ${join(folder, 'state')} }\n`);
const sidecar = await during(
  'starting the sidecar',
  start(['src/main.ts'], {
    ASSISTANT_PROXY_CONFIG: configFile,
    OPENAI_API_KEY: realKey,
    ASSISTANT_PROXY_UPSTREAM_BASE_URL: standIn.told['url']!,
    ASSISTANT_PROXY_LISTEN_PORT: values.port ?? (values.keep ? '8080' : '0'),
    ASSISTANT_PROXY_ADMIN_PORT: values['admin-port'] ?? (values.keep ? '9090' : '0'),
  }).catch(giveUp),
);
const { proxyUrl, adminUrl } = sidecar.told as { proxyUrl: string; adminUrl: string };
const openai = new OpenAI({ baseURL: proxyUrl, apiKey: placeholder, maxRetries: 0 });

try {
  await sameCode();
  await streams();
  await files();
  await mistakes();
  await budget();
  await whatItCost();
  if (values.keep) await keep();
  else await goodbye(sidecar);
} finally {
  sidecar.process.kill('SIGTERM');
  await standIn.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** The stand-in ends with this process. */
function giveUp(error: Error): never {
  say(`That failed: ${error.message}`);
  say('If a port is taken, choose others: npm run demo -- --keep --port 8181 --admin-port 9191');
  process.exit(1);
}

async function sameCode(): Promise<void> {
  chapter('The application keeps its code. Only its environment changes.');
  quote(
    `OPENAI_BASE_URL=${proxyUrl}\nOPENAI_API_KEY=${placeholder}        # not a key: the sidecar has the real one`,
  );
  const answer = await openai.chat.completions.create({
    model: 'gpt-4o',
    messages: [
      {
        role: 'user',
        content: 'What does a sidecar do? [[say:It sits beside the application and looks after its calls.]]',
      },
    ],
  });
  say(`It asks: What does a sidecar do?   gpt-4o answers:`);
  quote(answer.choices[0]?.message.content ?? '');
  const line = await sidecar.line(({ operation }) => operation === 'chat.completions.create');
  say(
    'The sidecar saw the operation, the model and the tokens, and wrote one line about it, without a word of',
  );
  say('what was said:');
  quote(JSON.stringify(line));
}

async function streams(): Promise<void> {
  chapter('Streams arrive piece by piece, as if nothing stood between.');
  const stream = await openai.responses.create({
    model: 'gpt-4o',
    input: 'Tell me about backpressure. [[words:40]]',
    stream: true,
  });
  await trickle(deltas(stream));
}

async function* deltas(stream: AsyncIterable<OpenAI.Responses.ResponseStreamEvent>): AsyncGenerator<string> {
  for await (const event of stream) if (event.type === 'response.output_text.delta') yield event.delta;
}

async function files(): Promise<void> {
  chapter('Files go through too, in both directions, without being held in memory.');
  const notes = `${'A line of notes.\n'.repeat(100_000)}`;
  const file = await openai.files.create({ file: new File([notes], 'notes.txt'), purpose: 'assistants' });
  const content = await (await openai.files.content(file.id)).text();
  say(
    `Uploaded ${file.filename}, ${file.bytes.toLocaleString('en')} bytes; downloaded it again: ${content.length.toLocaleString('en')} bytes.`,
  );
}

async function mistakes(): Promise<void> {
  chapter('What is wrong is refused, in the shape that OpenAI’s SDKs understand.');
  const broken = await fetch(`${proxyUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"model": "gpt-4o", "input": "half a',
  });
  say(`A truncated body: ${broken.status}`);
  quote(await broken.text());
  const elsewhere = await fetch(`${proxyUrl}/..%2f..%2fadmin`);
  say(`A path that tries to leave the API: ${elsewhere.status}`);
  quote(await elsewhere.text());
}

async function budget(): Promise<void> {
  chapter('A budget holds, however many calls come at once.');
  quote(configuration.trimEnd());
  say('Team search has 1,000 tokens an hour. Forty calls come at the same moment, each good for 90:');
  const ask = () =>
    openai.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'Search for it. [[words:20]]' }],
      max_completion_tokens: 70,
      metadata: { team: 'search' },
    });
  const answers = await Promise.allSettled(Array.from({ length: 40 }, ask));
  const used = answers.flatMap((answer) =>
    answer.status === 'fulfilled' ? [answer.value.usage?.total_tokens ?? 0] : [],
  );
  const refusals = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [answer.reason as Error] : [],
  );
  const total = used.reduce((sum, tokens) => sum + tokens, 0);
  say(
    `${used.length} are answered and use ${total} tokens; ${refusals.length} are refused before they cost anything:`,
  );
  quote(refusals[0]?.message ?? '');
  say('Once nothing runs any more, what was held and not used is free again. The next one fits:');
  await ask();
  quote(await table());
}

/** What `npm start -- budgets list` prints, once all is settled. */
async function table(): Promise<string> {
  const budgets = async () =>
    (await (await fetch(`${adminUrl}/budgets`)).json()) as Record<string, number | string>[];
  let rows = await budgets();
  while (rows.some(({ held }) => held !== 0)) rows = await budgets();
  return rows
    .map(
      ({ name, scope, limit, used, remaining }) =>
        `${name}  ${scope}  limit ${limit}  used ${used}  left ${remaining}`,
    )
    .join('\n');
}

async function whatItCost(): Promise<void> {
  chapter('Everything was counted, as Prometheus will scrape it.');
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const counted = sumByOperation(text);
  const cells = (values: readonly unknown[]) => values.map((value) => String(value).padStart(10)).join('');
  quote(`${'operation'.padEnd(26)}${cells(['answered', 'refused', 'tokens in', 'out'])}`);
  for (const [operation, { requests, refusals, input, output }] of counted) {
    quote(`${operation.padEnd(26)}${cells([requests, refusals, input, output])}`);
  }
  say(`One of its lines, at ${adminUrl}/metrics:`);
  quote(text.split('\n').find((line) => line.startsWith('assistant_proxy_tokens_total')) ?? '');
}

/** Adds up the series of Prometheus' text format that have an operation. */
function sumByOperation(text: string) {
  const sums = new Map<string, { requests: number; refusals: number; input: number; output: number }>();
  for (const [, name = '', labels = '', value] of text.matchAll(
    /^assistant_proxy_(\w+)_total{(.*)} (\d+)$/gm,
  )) {
    const { operation, kind, status } = labelsOf(labels);
    if (operation === undefined) continue;
    const sum = sums.get(operation) ?? { requests: 0, refusals: 0, input: 0, output: 0 };
    if (name === 'requests' && status === '200') sum.requests += Number(value);
    if (name === 'refusals') sum.refusals += Number(value);
    if (name === 'tokens' && (kind === 'input' || kind === 'output')) sum[kind] += Number(value);
    sums.set(operation, sum);
  }
  return sums;
}

function labelsOf(labels: string): Record<string, string> {
  return Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

async function goodbye(running: Running): Promise<void> {
  chapter('Kubernetes ends the pod in the middle of a stream. Nothing is cut.');
  const stream = await openai.responses.create({
    model: 'gpt-4o',
    input: 'One last thing. [[words:30]]',
    stream: true,
  });
  const told = trickle(deltas(stream));
  running.process.kill('SIGTERM');
  await told;
  const code = await running.stop();
  say(`The stream ended whole, and the sidecar with exit code ${code}.`);
  if (code !== 0) process.exitCode = 1;
  say('');
  say('Next: the README shows how to run it beside an application.');
  say('Or keep it running and try your own calls: npm run demo -- --keep');
}

async function keep(): Promise<void> {
  chapter('It is yours now. Ctrl-C ends it.');
  quote(
    `export OPENAI_BASE_URL=${proxyUrl} OPENAI_API_KEY=${placeholder}\n` +
      `curl ${proxyUrl}/models\n` +
      `curl ${adminUrl}/metrics`,
  );
  await new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
}
