import { setTimeout as sleep } from 'node:timers/promises';

import OpenAI from 'openai';

import type { Scene } from './start-scene.ts';

/** Something that an application does; what becomes of it is not its business here. */
type Act = () => Promise<unknown>;

const model = 'gpt-4o';
const long = 'The quick brown fox jumps over the lazy dog. '.repeat(130);

/** Everything that the panels tell of, once in each round, until it is told to stop; resolves when all has ended. */
export async function makeTraffic(scene: Scene, signal: AbortSignal): Promise<void> {
  const acts = [...shopActs(scene), ...labActs(scene), ...annexActs(scene)];
  await Promise.all(acts.map((act, index) => repeat(act, 40 * index, signal)));
}

async function repeat(act: Act, startMs: number, signal: AbortSignal): Promise<void> {
  await sleep(startMs);
  while (!signal.aborted) {
    await act().catch(() => {});
    await sleep(700);
  }
}

function shopActs({ shop }: Scene): Act[] {
  const baseURL = shop.url;
  const client = new OpenAI({
    baseURL,
    apiKey: 'placeholder',
    maxRetries: 0,
    timeout: 10_000,
    defaultHeaders: { 'x-app': 'checkout' },
  });
  const chat = (content: string, metadata: Record<string, string> = { team: 'search' }, headers = {}) =>
    client.chat.completions.create(
      { model, metadata, messages: [{ role: 'user', content }], max_completion_tokens: 100 },
      { headers },
    );
  const fault = (value: string) =>
    chat('Hello [[words:5]]', { team: 'search' }, { 'x-stand-in-fault': value });
  let count = 0;
  return [
    () => chat(`Hello [[words:30]]`, { team: 'search', user_id: `u-${(count += 1)}` }),
    () => chat(`${long} [[words:5]]`),
    async () => readAll(await client.responses.create({ model, input: 'Hi [[words:40]]', stream: true })),
    () =>
      client.responses.create({
        model: 'o3-mini',
        input: 'Think [[reasoning:50]] [[words:10]]',
        max_output_tokens: 200,
      }),
    () => client.embeddings.create({ model: 'text-embedding-3-small', input: 'some words' }),
    async () => {
      const { id } = await client.responses.create({
        model,
        input: `${long} [[words:5]]`,
        max_output_tokens: 50,
      });
      await client.responses.create({
        model,
        input: 'And? [[words:5]]',
        previous_response_id: id,
        max_output_tokens: 50,
      });
    },
    // Budgets and limits.
    () => chat('Hello [[words:60]]', { team: 'poor' }),
    () => Promise.allSettled([1, 2, 3].map(() => chat('Hello [[words:5]]', { team: 'hasty' }))),
    () => Promise.allSettled([1, 2].map(() => chat('Hello [[words:5]]', { team: 'patient' }))),
    () => Promise.allSettled([1, 2].map(() => chat('Hello [[thinkMs:200]]', { team: 'single' }))),
    // Personal data.
    () => chat('Write to anna.schmidt@example.org at 10.20.30.40, or call +1 415 555 2671. [[echo]]'),
    () => chat('Pay to DE89 3704 0044 0532 0130 00. [[words:5]]'),
    () => chat('Project CONDOR is secret.'),
    () => chat('Mail anna.schmidt@example.org', { team: 'search', redact: 'false' }),
    // What callers do wrong.
    () => post(`${baseURL}/chat/completions`, '{"model":'),
    () =>
      leaveEarly(() =>
        client.chat.completions.create({
          model,
          messages: [{ role: 'user', content: 'Hi [[words:90]] [[delayMs:30]]' }],
          stream: true,
        }),
      ),
    async () => {
      const key = { 'Idempotency-Key': `order-${(count += 1)}` };
      await chat('Hello [[words:5]]', {}, key);
      await chat('Hello [[words:5]]', {}, key);
      await chat('Something else', {}, key);
    },
    // What upstreams do wrong.
    () => fault(`status code=server_is_overloaded times=1 key=${(count += 1)}`),
    () => fault(`status code=server_error times=1 key=${(count += 1)}`),
    () => fault(`status code=rate_limit_exceeded retryAfterMs=300 times=1 key=${(count += 1)}`),
    () => fault('status status=400'),
    () => fault(`reset times=1 key=${(count += 1)}`),
    () => fault('silence'),
    async () =>
      readAll(
        await client.chat.completions.create(
          { model, messages: [{ role: 'user', content: 'Hi [[words:90]]' }], stream: true },
          { headers: { 'x-stand-in-fault': 'resetAfter bytes=1500 ran=true' } },
        ),
      ),
    // Runs.
    () => runToEnd(client, 'Hello [[words:20]]'),
    () => runToEnd(client, 'How warm is it in Rome? [[tool:get_weather {"city":"Rome"}]]'),
    () => runToEnd(client, 'Hello [[fail:server_error]]'),
    () => runToEnd(client, 'Hello [[words:60]]', { max_completion_tokens: 10 }),
    async () => {
      const thread = await client.beta.threads.create({
        messages: [{ role: 'user', content: 'Hi [[words:50]] [[delayMs:30]]' }],
      });
      const run = await client.beta.threads.runs.create(thread.id, { assistant_id: await assistant(client) });
      await client.beta.threads.messages
        .create(thread.id, { role: 'user', content: 'too early' })
        .catch(() => {});
      await client.beta.threads.runs.cancel(run.id, { thread_id: thread.id });
    },
  ];
}

/** An upstream that fails in spells, and has one place. */
function labActs({ lab, labStandIn }: Scene): Act[] {
  const client = new OpenAI({ baseURL: lab.url, apiKey: 'placeholder', maxRetries: 0, timeout: 5000 });
  const chat = () =>
    client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Hi [[thinkMs:250]] [[words:5]]' }],
    });
  return [
    () => Promise.allSettled([1, 2, 3, 4, 5, 6].map(chat)),
    async () => {
      labStandIn.fail({ kind: 'status', code: 'server_error', times: 12 });
      await sleep(4000);
      labStandIn.heal();
      await sleep(3000);
    },
  ];
}

function annexActs({ annex }: Scene): Act[] {
  const client = () =>
    new OpenAI({ baseURL: annex.current.url, apiKey: 'placeholder', maxRetries: 0, timeout: 5000 });
  const slowly = () =>
    client().chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Hi [[thinkMs:1500]] [[words:5]]' }],
      max_completion_tokens: 50,
    });
  return [
    // So many that whenever it is killed some have just begun, and are not due together with the others.
    ...Array.from(
      { length: 8 },
      (_, index): Act =>
        () =>
          sleep(230 * index).then(slowly),
    ),
    ...Array.from(
      { length: 4 },
      (_, index): Act =>
        () =>
          sleep(230 * index).then(() => runToEnd(client(), 'Hello [[thinkMs:900]] [[words:20]]')),
    ),
  ];
}

const assistants = new WeakMap<OpenAI, Promise<string>>();

function assistant(client: OpenAI): Promise<string> {
  const known = assistants.get(client);
  if (known) return known;
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  const tools = [{ type: 'function' as const, function: { name: 'get_weather', parameters } }];
  const made = client.beta.assistants.create({ model, tools }).then(({ id }) => id);
  assistants.set(client, made);
  made.catch(() => assistants.delete(client));
  return made;
}

async function runToEnd(client: OpenAI, content: string, more: object = {}): Promise<void> {
  const { threads } = client.beta;
  const thread = await threads.create({ messages: [{ role: 'user', content }] });
  const options = { pollIntervalMs: 100 };
  const run = await threads.runs.createAndPoll(
    thread.id,
    { assistant_id: await assistant(client), ...more },
    options,
  );
  const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
  if (calls.length === 0) return;
  const tool_outputs = calls.map(({ id }) => ({ tool_call_id: id, output: '21 degrees' }));
  await threads.runs.submitToolOutputsAndPoll(run.id, { thread_id: thread.id, tool_outputs }, options);
}

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const event of stream) void event;
}

async function leaveEarly(open: () => Promise<AsyncIterable<unknown>>): Promise<void> {
  for await (const event of await open()) {
    void event;
    await sleep(50);
    break;
  }
}

async function post(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await (await fetch(url, { method: 'POST', headers, body })).text();
}
