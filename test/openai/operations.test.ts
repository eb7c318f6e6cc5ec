import assert from 'node:assert/strict';
import { test } from 'node:test';

import { matchOperation } from '../../src/openai/match-operation.ts';
import { operations, unknownOperation } from '../../src/openai/operations.ts';

test('every operation has a name of its own, in the form of the SDK', () => {
  const names = operations.map((operation) => operation.name);
  assert.deepEqual(repeated(names), []);
  assert.deepEqual(
    names.filter((name) => !/^[a-z][a-zA-Z]*(\.[a-z][a-zA-Z]*)+$/.test(name)),
    [],
  );
  assert.ok(!names.includes(unknownOperation.name));
});

test('every route stands in the table once', () => {
  const routes = operations.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
  assert.deepEqual(repeated(routes), []);
});

test('every path is made of plain literals and named parameters', () => {
  const malformed = operations.filter(({ path }) => !/^(\/([a-z_]+|\{[a-z_]+\}))+$/.test(path));
  assert.deepEqual(malformed, []);
});

test('every operation is reached by its own path', () => {
  for (const operation of operations) {
    const path = operation.path.replaceAll(/\{\w+\}/g, 'id_1');
    assert.deepEqual(matchOperation(operation.method, `/v1${path}`), { operation, path }, operation.name);
  }
});

test('a request that only reads or deletes has no body', () => {
  const odd = operations.filter(({ method, requestBody }) => method !== 'POST' && requestBody !== 'none');
  assert.deepEqual(odd, []);
});

test('the operations that the policies name are in the table as the SDK names them', () => {
  const expected = [
    'responses.create POST /responses json response',
    'chat.completions.create POST /chat/completions json chatCompletion',
    'embeddings.create POST /embeddings json embedding',
    'moderations.create POST /moderations json null',
    'files.create POST /files multipart null',
    'files.content GET /files/{file_id}/content none null',
    'uploads.parts.create POST /uploads/{upload_id}/parts multipart null',
    'vectorStores.files.list GET /vector_stores/{vector_store_id}/files none null',
    'conversations.items.create POST /conversations/{conversation_id}/items json null',
    'batches.cancel POST /batches/{batch_id}/cancel none batch',
    'images.edit POST /images/edits any image',
    'audio.transcriptions.create POST /audio/transcriptions multipart transcription',
    'assistants.update POST /assistants/{assistant_id} json null',
    'threads.createAndRun POST /threads/runs json run',
    'threads.runs.submitToolOutputs POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs json run',
    'containers.files.content.retrieve GET /containers/{container_id}/files/{file_id}/content none null',
    'fineTuning.jobs.create POST /fine_tuning/jobs json null',
    'realtime.calls.create POST /realtime/calls any null',
    'organization.usage.completions GET /organization/usage/completions none null',
  ];
  const rows = new Set(
    operations.map((row) =>
      [row.name, row.method, row.path, row.requestBody, row.usage].map(String).join(' '),
    ),
  );
  assert.deepEqual(
    expected.filter((row) => !rows.has(row)),
    [],
  );
});

function repeated(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}
