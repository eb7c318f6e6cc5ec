import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NotFoundError } from 'openai';

import { withStandIn } from './with-stand-in.ts';

const tools = [{ type: 'code_interpreter' as const, container: { type: 'auto' as const } }];
const request = { model: 'gpt-4o', input: 'Plot it [[file:chart.csv]] [[say:Done.]]', tools };

test('code writes files into its container, and the answer links to them', async (t) => {
  const { client } = await withStandIn(t);
  const { output, output_text, usage } = await client.responses.create({
    ...request,
    include: ['code_interpreter_call.outputs'],
  });
  const [code, message] = output;
  assert.ok(code?.type === 'code_interpreter_call' && message?.type === 'message');
  assert.deepEqual(code.outputs, [{ type: 'logs', logs: 'done\n' }]);
  const [part] = message.content;
  const [annotation] = part?.type === 'output_text' ? part.annotations : [];
  assert.ok(annotation?.type === 'container_file_citation');
  const { start_index, end_index, file_id } = annotation;
  assert.equal(output_text.slice(start_index, end_index), 'sandbox:/mnt/data/chart.csv');
  assert.ok(usage!.output_tokens > 5, 'the link is a part of what was written');

  const at = { container_id: code.container_id };
  const file = await client.containers.files.retrieve(file_id, at);
  assert.equal(file.path, '/mnt/data/chart.csv');
  const content = await client.containers.files.content.retrieve(file_id, at);
  assert.equal((await content.arrayBuffer()).byteLength, file.bytes);
  const { data } = await client.containers.files.list(code.container_id);
  assert.deepEqual(data, [file]);
  await assert.rejects(client.containers.files.retrieve('cfile_other', at), NotFoundError);
});

test('a link that the cap leaves no room for is not written', async (t) => {
  const { client } = await withStandIn(t);
  const input = '[[file:chart.csv]] [[say:It is done, and here it is for you to see.]]';
  const { output_text } = await client.responses.create({ ...request, input, max_output_tokens: 16 });
  assert.equal(output_text, 'It is done, and here it is for you to see.');
});

test('code runs in the container that it is told to, if that is there', async (t) => {
  const { client } = await withStandIn(t);
  const { id } = await client.containers.create({ name: 'mine' });
  const inside = (container: string) =>
    client.responses.create({ ...request, tools: [{ type: 'code_interpreter', container }] });
  const [code] = (await inside(id)).output;
  assert.ok(code?.type === 'code_interpreter_call' && code.container_id === id);
  await assert.rejects(inside('cntr_gone'), NotFoundError);
});

test('reasoning is told sealed to who asks for it', async (t) => {
  const { client } = await withStandIn(t);
  const reason = {
    model: 'gpt-5',
    input: 'Hi',
    store: false,
    include: ['reasoning.encrypted_content' as const],
  };
  const [reasoning] = (await client.responses.create(reason)).output;
  assert.ok(reasoning?.type === 'reasoning' && typeof reasoning.encrypted_content === 'string');
  const input = [reasoning, { role: 'user' as const, content: '[[say:And on.]]' }];
  assert.equal((await client.responses.create({ ...reason, input })).output_text, 'And on.');
});
