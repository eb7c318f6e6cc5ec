import assert from 'node:assert/strict';

import type OpenAI from 'openai';
import { toFile } from 'openai';
import type { AssistantCreateParams } from 'openai/resources/beta/assistants';

import { createAssistant, fast, leftBy, outputsFor, threadSaying, weatherTool } from '../applications.ts';
import type { Scenario } from '../scenario.ts';
import { toldBy } from '../told-by.ts';

const include = ['step_details.tool_calls[*].file_search.results[*].content' as const];
const question = 'Where do they sleep? [[search:dragons sleep]]';
const search = [{ type: 'file_search' as const }];

async function upload(client: OpenAI, name: string, text: string): Promise<string> {
  const file = await toFile(Buffer.from(text), name);
  return (await client.files.create({ file, purpose: 'assistants' })).id;
}

async function storeWith(client: OpenAI, text: string): Promise<string> {
  const file_ids = [await upload(client, 'lore.txt', text)];
  return (await client.vectorStores.create({ file_ids })).id;
}

const resources = (id: string) => ({ file_search: { vector_store_ids: [id] } });

function onResponses(title: string, run: Scenario['run']): Scenario {
  return { title, backends: ['passthrough', 'responses'], run };
}

async function ask(
  client: OpenAI,
  said: string,
  params: Partial<AssistantCreateParams>,
  threadResources?: object,
) {
  const assistant = await createAssistant(client, params);
  const thread = await client.beta.threads.create({
    messages: [{ role: 'user', content: said }],
    ...(threadResources && { tool_resources: threadResources }),
  });
  const told = await toldBy(client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id }));
  assert.equal(told.run.status, 'completed');
  return { told, left: await leftBy(client, told.run) };
}

export const builtInToolScenarios: readonly Scenario[] = [
  onResponses('a run searches the vector store of its assistant', async (client) => {
    const id = await storeWith(client, 'Dragons sleep in caves.');
    const asked = await ask(client, question, { tools: search, tool_resources: resources(id) });
    assert.match(asked.told.text, /Dragons sleep in caves.*【0:0†source】$/s);
    return asked;
  }),
  onResponses('a run searches the vector store of its thread', async (client) =>
    ask(client, question, { tools: search }, resources(await storeWith(client, 'Dragons sleep in caves.'))),
  ),
  onResponses('a run searches the vector stores of both, and cites each file', async (client) => {
    const [one, two] = [
      await storeWith(client, 'Dragons sleep in caves. 👍'),
      await storeWith(client, 'Dragons sleep by day.'),
    ];
    const asked = await ask(
      client,
      question,
      { tools: search, tool_resources: resources(one) },
      resources(two),
    );
    assert.match(asked.told.text, /【0:0†source】【1:0†source】$/);
    return asked;
  }),
  onResponses('a run that finds nothing says so', async (client) =>
    ask(client, 'Where? [[search:unicorns]]', {
      tools: search,
      tool_resources: resources(await storeWith(client, 'Dragons sleep in caves.')),
    }),
  ),
  onResponses('a search has limits and ranking of its own', async (client) => {
    const files = ['a.txt', 'b.txt', 'c.txt'].map((name) => upload(client, name, `Dragons sleep. ${name}`));
    const { id } = await client.vectorStores.create({ file_ids: await Promise.all(files) });
    const file_search = {
      max_num_results: 2,
      ranking_options: { score_threshold: 0, ranker: 'auto' as const },
    };
    return ask(client, question, {
      tools: [{ type: 'file_search', file_search }],
      tool_resources: resources(id),
    });
  }),
  onResponses('what was found is told to those who ask for it', async (client) => {
    const { runs } = client.beta.threads;
    const assistant = await createAssistant(client, {
      tools: search,
      tool_resources: resources(await storeWith(client, 'Dragons sleep in caves.')),
    });
    const thread = await threadSaying(client, question);
    const told = await toldBy(runs.stream(thread.id, { assistant_id: assistant.id, include }));
    const at = { thread_id: thread.id };
    const [, step] = (await runs.steps.list(told.run.id, at)).data;
    assert.ok(step);
    return {
      told,
      listed: (await runs.steps.list(told.run.id, { ...at, include })).data,
      plain: await runs.steps.retrieve(step.id, { ...at, run_id: told.run.id }),
      whole: await runs.steps.retrieve(step.id, { ...at, run_id: told.run.id, include }),
    };
  }),
  onResponses('a run searches the file of an attachment', async (client) => {
    const file_id = await upload(client, 'lore.txt', 'Dragons sleep in caves.');
    const assistant = await createAssistant(client, { tools: search });
    const thread = await client.beta.threads.create({
      messages: [{ role: 'user', content: question, attachments: [{ file_id, tools: search }] }],
    });
    const run = await client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id }, fast);
    const left = await leftBy(client, run);
    assert.match(JSON.stringify(left.messages), /Dragons sleep in caves/);
    return left;
  }),
  onResponses('a run goes on from an answer with citations', async (client) => {
    const { left } = await ask(client, question, {
      tools: search,
      tool_resources: resources(await storeWith(client, 'Dragons sleep in caves.')),
    });
    const { thread_id, assistant_id } = left.run;
    await client.beta.threads.messages.create(thread_id, { role: 'user', content: 'Thanks' });
    const run = await client.beta.threads.runs.createAndPoll(thread_id, { assistant_id }, fast);
    return leftBy(client, run);
  }),
  onResponses('a run runs code', async (client) =>
    ask(client, 'Compute. [[code:print(1 + 1)]]', { tools: [{ type: 'code_interpreter' }] }),
  ),
  onResponses('a run runs code on the files of assistant, thread and attachment', async (client) => {
    const [one, two, three] = [
      await upload(client, 'one.csv', 'a'),
      await upload(client, 'two.csv', 'b'),
      await upload(client, 'three.csv', 'c'),
    ];
    const tools = [{ type: 'code_interpreter' as const }];
    const assistant = await createAssistant(client, {
      tools,
      tool_resources: { code_interpreter: { file_ids: [one] } },
    });
    const thread = await client.beta.threads.create({
      messages: [
        { role: 'user', content: 'Compute. [[code:print(2)]]', attachments: [{ file_id: three, tools }] },
      ],
      tool_resources: { code_interpreter: { file_ids: [two] } },
    });
    const told = await toldBy(client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id }));
    assert.equal(told.run.status, 'completed');
    return {
      told,
      thread: await client.beta.threads.retrieve(thread.id),
      left: await leftBy(client, told.run),
    };
  }),
  ...[
    '[[file:a.csv]]',
    '[[file:a.png]]',
    '[[file:a.csv]] [[file:b.png]]',
    '[[file:b.png]] [[file:a.csv]]',
  ].map((files) =>
    onResponses(`a run writes ${files}, and the application loads it`, async (client) => {
      const asked = await ask(client, `Compute. ${files}`, { tools: [{ type: 'code_interpreter' }] });
      const ids = [...new Set(JSON.stringify(asked.left.messages).match(/\bc?file[-_]\w{20,}/g))];
      assert.equal(ids.length, files.split(' ').length);
      const contents = ids.map(async (id) => (await client.files.content(id)).text());
      return { asked, contents: await Promise.all(contents) };
    }),
  ),
  onResponses('a run cites what it found beside what it wrote', async (client) =>
    ask(client, `${question} [[file:a.csv]]`, {
      tools: [...search, { type: 'code_interpreter' }],
      tool_resources: resources(await storeWith(client, 'Dragons sleep in caves.')),
    }),
  ),
  onResponses('a run searches and runs code in one step', async (client) =>
    ask(client, `${question} [[code:print(1)]]`, {
      tools: [...search, { type: 'code_interpreter' }],
      tool_resources: resources(await storeWith(client, 'Dragons sleep in caves.')),
    }),
  ),
  onResponses('a run runs code, and then calls a function', async (client) => {
    const assistant = await createAssistant(client, { tools: [{ type: 'code_interpreter' }, weatherTool] });
    const thread = await threadSaying(
      client,
      'Compute. [[code:print(1)]] [[tool:get_weather {"city":"Rome"}]]',
    );
    const { runs } = client.beta.threads;
    const told = await toldBy(runs.stream(thread.id, { assistant_id: assistant.id }));
    assert.equal(told.run.status, 'requires_action');
    const body = { thread_id: thread.id, tool_outputs: outputsFor(told.run) };
    const rest = await toldBy(runs.submitToolOutputsStream(told.run.id, body));
    assert.equal(rest.run.status, 'completed');
    return { told, rest, left: await leftBy(client, rest.run) };
  }),
  {
    title: 'a tool that was offered is not always used',
    backends: ['passthrough', 'responses'],
    run: (client) => ask(client, 'Hello', { tools: [...search, { type: 'code_interpreter' }] }),
  },
];
