/**
 * A story on one machine, with nothing but Node: a stand-in for OpenAI, the sidecar, and an application that
 * uses the official SDK and knows of neither.
 *
 *   npm run demo [-- --keep] [--port N] [--admin-port N]
 *
 * --keep leaves everything running, to play with, on the default ports unless told otherwise.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
const keyFile = join(folder, 'keys');
writeFileSync(keyFile, `demo:${randomBytes(32).toString('base64')}\n`);
writeFileSync(
  configFile,
  `${configuration}store: { stateDir: ${join(folder, 'state')} }
redaction: { mode: pseudonymize, encryptionKeyFile: ${keyFile} }
`,
);
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
const { threads } = openai.beta;
const tutor = {
  name: 'Math Tutor',
  model: 'gpt-4o',
  instructions: 'You are a personal tutor.',
  tools: [
    {
      type: 'function' as const,
      function: {
        name: 'get_weather',
        parameters: { type: 'object', properties: { city: { type: 'string' } } },
      },
    },
  ],
};

try {
  const assistant = await sameCode();
  const thread = await tutorial(assistant);
  await streams(assistant, thread);
  await functions(assistant, thread);
  await troubles();
  await personalData();
  await budget(assistant);
  await whatItCost();
  if (values.keep) await keep();
  else await goodbye(sidecar, assistant, thread);
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

async function sameCode(): Promise<OpenAI.Beta.Assistant> {
  chapter('The application keeps its code. Only its environment changes.');
  const retired = new OpenAI({ baseURL: standIn.told['url']!, apiKey: realKey, maxRetries: 0 });
  const refusal = await retired.beta.assistants.create(tutor).catch((error: Error) => error);
  say('Since 26 August 2026 OpenAI answers an application that creates an assistant:');
  if (refusal instanceof Error) quote(refusal.message);
  quote(
    `OPENAI_BASE_URL=${proxyUrl}\nOPENAI_API_KEY=${placeholder}        # not a key: the sidecar has the real one`,
  );
  const assistant = await openai.beta.assistants.create(tutor);
  say(`The same call, by way of the sidecar: ${assistant.id}, "${assistant.name}", ${assistant.model}`);
  return assistant;
}

async function tutorial(assistant: OpenAI.Beta.Assistant): Promise<OpenAI.Beta.Thread> {
  chapter('The classic tutorial works again: thread, message, run, poll, answer.');
  const thread = await threads.create();
  await ask(thread, 'What is 3x + 11 = 14? [[say:Subtract 11, divide by 3: x is 1.]]');
  const run = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  say(`${run.id} is ${run.status}, and used ${run.usage?.total_tokens} tokens. The thread now says:`);
  const messages = await threads.messages.list(thread.id, { order: 'asc' });
  for (const { role, content } of messages.data) quote(`${role.padEnd(10)}${textOf(content)}`);
  return thread;
}

async function streams(assistant: OpenAI.Beta.Assistant, thread: OpenAI.Beta.Thread): Promise<void> {
  chapter('A run streams, piece by piece, with every event that the SDK knows.');
  await ask(thread, 'Tell me about backpressure. [[words:40]]');
  const stream = threads.runs.stream(thread.id, { assistant_id: assistant.id });
  const names = new Set<string>();
  stream.on('event', ({ event }) => names.add(event));
  await trickle(deltas(stream));
  quote([...names].map((name) => name.replace('thread.', '')).join(', '));
}

async function functions(assistant: OpenAI.Beta.Assistant, thread: OpenAI.Beta.Thread): Promise<void> {
  chapter('A run calls a function of the application, and waits for what it says.');
  await ask(thread, 'How warm is it in Rome? [[tool:get_weather {"city":"Rome"}]]');
  const waiting = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  const calls = waiting.required_action?.submit_tool_outputs.tool_calls ?? [];
  for (const { function: called } of calls) {
    say(`${waiting.status}: ${called.name}(${called.arguments})   The application says: 21 degrees`);
  }
  const tool_outputs = calls.map(({ id }) => ({ tool_call_id: id, output: '21 degrees' }));
  const outputs = { thread_id: thread.id, tool_outputs };
  const run = await threads.runs.submitToolOutputsAndPoll(waiting.id, outputs);
  const { data: steps } = await threads.runs.steps.list(run.id, { thread_id: thread.id, order: 'asc' });
  for (const { type, status, usage } of steps) {
    quote(`${type.padEnd(18)}${status.padEnd(12)}${String(usage?.total_tokens).padStart(4)} tokens`);
  }
  say(`The run: ${run.usage?.total_tokens} tokens. Its answer:`);
  const [answer] = (await threads.messages.list(thread.id, { limit: 1 })).data;
  quote(textOf(answer?.content ?? []));
}

async function troubles(): Promise<void> {
  chapter('The upstream fails. What did not run is sent again; what may have run is not.');
  say('Twice it is overloaded, and then it is not. The application, which tries nothing again, sees:');
  quote(await completion({ 'x-stand-in-fault': 'status code=server_is_overloaded times=2' }));
  say('Now a connection breaks off when the answer has been generated, and billed:');
  quote(await completion({ 'x-stand-in-fault': 'reset ran=true' }));
  say('With an Idempotency-Key a call that is made twice is generated once:');
  for (const _ of [1, 2]) quote(await completion({ 'Idempotency-Key': 'order-17' }));
}

/** What a chat completion with these headers comes to. */
async function completion(headers: Record<string, string>): Promise<string> {
  const messages = [{ role: 'user' as const, content: 'Hello [[say:Hello to you.]]' }];
  try {
    const { data, response } = await openai.chat.completions
      .create({ model: 'gpt-4o', messages }, { headers })
      .withResponse();
    const replayed =
      response.headers.get('idempotent-replayed') === null ? '' : '   idempotent-replayed: true';
    return `200  ${data.id.slice(0, 18)}  ${data.choices[0]?.message.content}${replayed}`;
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    return `${error.message}\nx-should-retry: ${error.headers?.get('x-should-retry')}`;
  }
}

async function personalData(): Promise<void> {
  chapter('Personal data stays in the pod.');
  quote('redaction: { mode: pseudonymize, encryptionKeyFile: /var/run/secrets/keys }');
  const input = 'Write to anna.schmidt@example.org that her card 4111 1111 1111 1111 is blocked.';
  say('The application says:');
  quote(input);
  const response = await openai.responses.create({ model: 'gpt-4o', input: `[[echo]]${input}` });
  say('The upstream has seen:');
  const upstream = new OpenAI({ baseURL: standIn.told['url']!, apiKey: realKey });
  const { data: seen } = await upstream.responses.inputItems.list(response.id);
  quote(
    JSON.stringify(seen[0] && 'content' in seen[0] ? seen[0].content : '').match(/\]\](.*?)"/)?.[1] ?? '',
  );
  say('It repeats what it saw, and the application reads:');
  quote(response.output_text);
}

async function budget(assistant: OpenAI.Beta.Assistant): Promise<void> {
  chapter('A budget holds, for runs as for any other call.');
  quote(configuration.trimEnd());
  say('Team search has 1,000 tokens an hour. It asks, again and again:');
  let count = 0;
  while (count < 20 && (await searched(assistant, (count += 1))) !== 'failed');
  say('What was left was given to the last one that could use it. Nothing went beyond:');
  quote(await table());
  writeFileSync(configFile, readFileSync(configFile, 'utf8').replace('tokens: 1000', 'tokens: 5000'));
  await during('the limit is raised in the file, which the sidecar follows', untilShown('limit 5000'));
  await searched(assistant, count + 1);
  say('Nothing was restarted, and what was used stays used:');
  quote(await table());
}

/** Resolves to how the run has ended. */
async function searched(assistant: OpenAI.Beta.Assistant, count: number): Promise<string> {
  const thread = await threads.create({
    messages: [{ role: 'user', content: 'Search for it. [[words:120]] [[delayMs:1]]' }],
  });
  const run = await threads.runs.createAndPoll(thread.id, {
    assistant_id: assistant.id,
    metadata: { team: 'search' },
  });
  const why = run.last_error?.message ?? run.incomplete_details?.reason ?? '';
  quote(
    `run ${count}  ${run.status.padEnd(11)}${String(run.usage?.total_tokens ?? 0).padStart(4)} tokens  ${why}`,
  );
  return run.status;
}

/** Without what is meant for the stand-in alone. */
function textOf(content: OpenAI.Beta.Threads.MessageContent[]): string {
  const texts = content.map((part) => (part.type === 'text' ? part.text.value : ''));
  return texts.join('').replaceAll(/ ?\[\[.*?\]\]/g, '');
}

function ask(thread: OpenAI.Beta.Thread, content: string): Promise<unknown> {
  return threads.messages.create(thread.id, { role: 'user', content });
}

async function* deltas(stream: AsyncIterable<OpenAI.Beta.AssistantStreamEvent>): AsyncGenerator<string> {
  for await (const { event, data } of stream) {
    if (event !== 'thread.message.delta') continue;
    for (const part of data.delta.content ?? []) if (part.type === 'text') yield part.text?.value ?? '';
  }
}

async function untilShown(text: string): Promise<void> {
  while (!(await table()).includes(text)) await sleep(50);
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
  quote(`${'operation'.padEnd(32)}${cells(['answered', 'refused', 'tokens in', 'out'])}`);
  for (const [operation, { requests, refusals, input, output }] of counted) {
    quote(`${operation.padEnd(32)}${cells([requests, refusals, input, output])}`);
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

async function goodbye(
  running: Running,
  assistant: OpenAI.Beta.Assistant,
  thread: OpenAI.Beta.Thread,
): Promise<void> {
  chapter('Kubernetes ends the pod in the middle of a run. Nothing is cut.');
  await ask(thread, 'One last thing. [[words:30]]');
  const stream = threads.runs.stream(thread.id, { assistant_id: assistant.id });
  stream.once('textDelta', () => running.process.kill('SIGTERM'));
  await trickle(deltas(stream));
  const code = await running.stop();
  say(`The run ended whole, and the sidecar with exit code ${code}.`);
  if (code !== 0) process.exitCode = 1;
  say('');
  say('Next: the README shows how to run it beside an application.');
  say('Or keep it running, try your own calls, and see them in the console: npm run demo -- --keep');
}

async function keep(): Promise<void> {
  chapter('It is yours now. Ctrl-C ends it.');
  quote(
    `export OPENAI_BASE_URL=${proxyUrl} OPENAI_API_KEY=${placeholder}\n` +
      `curl ${proxyUrl}/models\n` +
      `curl ${adminUrl}/metrics`,
  );
  say(`The console, with all of the above: ${adminUrl}/`);
  await new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
}
