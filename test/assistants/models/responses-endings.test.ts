import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';

import type { ModelPort } from '../../../src/assistants/models/model-call.ts';
import { createResponsesModel } from '../../../src/assistants/models/responses/responses-model.ts';
import type { UpstreamCalls } from '../../../src/assistants/upstream-calls.ts';
import { CallerLeft, ProxyError } from '../../../src/errors.ts';
import { answerJson, startUpstream } from '../../harness/upstream.ts';
import { callsTo, contextWith, hear, requestWith, textOf } from './calls.ts';
import {
  created,
  functionCall,
  message,
  response,
  runUsage,
  sse,
  streamOf,
  textPart,
  usage,
} from './response-fixtures.ts';

interface Scripted {
  /** What it answers to POST /responses. */
  readonly post: (response: ServerResponse) => unknown;
  /** What it answers to GET /responses/{id}; nothing by default. */
  readonly get?: (response: ServerResponse) => unknown;
  readonly upstreamStore?: 'keep' | 'forget';
}

async function modelAgainst(t: TestContext, { post, get, upstreamStore = 'keep' }: Scripted) {
  const seen: string[] = [];
  const upstream = await startUpstream(t, (request, answer) => {
    request.resume();
    seen.push(`${request.method} ${request.url}`);
    if (request.method === 'POST') return post(answer);
    return get ? get(answer) : answerJson(answer, {}, 404);
  });
  return { model: createResponsesModel({ calls: callsTo(t, upstream.url), upstreamStore }), seen };
}

function startStream(answer: ServerResponse): ServerResponse {
  return answer.writeHead(200, { 'content-type': 'text/event-stream' });
}

const brokenOff = {
  code: 'server_error',
  message: 'The upstream broke off before the answer was complete.',
};
const short = streamOf(message(textPart('Hi')));

test('a stream that is cut at any byte fails, and tells no more than it had told', async (t) => {
  const bytes = sse(short.filter(({ type }) => type !== 'response.in_progress'));
  let length = 0;
  let isEnded = false;
  const { model } = await modelAgainst(t, {
    upstreamStore: 'forget',
    post(answer) {
      startStream(answer);
      if (isEnded) return answer.end(bytes.subarray(0, length));
      answer.write(bytes.subarray(0, length), () => answer.destroy());
    },
  });
  for (; length < bytes.length; length += 1) {
    isEnded = length % 2 === 0;
    const { events, ending } = await hear(model, requestWith());
    assert.deepEqual([ending.how, ending.error], ['failed', brokenOff], `${length} bytes`);
    assert.ok('Hi'.startsWith(textOf(events)));
  }
  length = bytes.length;
  isEnded = true;
  assert.equal((await hear(model, requestWith())).ending.how, 'completed');
});

test('garbage fails, whatever it calls itself', async (t) => {
  const garbage = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256));
  for (const contentType of ['text/event-stream', 'application/json', 'text/html']) {
    const { model } = await modelAgainst(t, {
      post: (answer) => answer.writeHead(200, { 'content-type': contentType }).end(garbage),
    });
    const { events, ending } = await hear(model, requestWith());
    assert.deepEqual([events, ending], [[], { how: 'failed', usage: undefined, error: brokenOff }]);
  }
});

test('an answer that is JSON although a stream was asked for is told all the same', async (t) => {
  const items = [message(textPart('Hi')), functionCall];
  const { model } = await modelAgainst(t, {
    post: (answer) => answerJson(answer, response('completed', items)),
  });
  const { events, ending } = await hear(model, requestWith());
  assert.deepEqual(ending, { how: 'completed', usage: runUsage });
  assert.deepEqual(
    events.map(({ type }) => type).filter((type) => type !== 'carry'),
    ['begun', 'messageBegun', 'text', 'messageEnded', 'functionCallBegun', 'arguments', 'functionCallEnded'],
  );
});

test('an upstream that does not end its stream is left a moment after the response has ended', async (t) => {
  const { model } = await modelAgainst(t, { post: (answer) => startStream(answer).write(sse(short)) });
  assert.deepEqual((await hear(model, requestWith())).ending, { how: 'completed', usage: runUsage });
});

test('error statuses fail with the reason that they stand for, in the words of the upstream', async (t) => {
  const expected = {
    429: 'rate_limit_exceeded',
    400: 'invalid_prompt',
    404: 'invalid_prompt',
    413: 'invalid_prompt',
    422: 'invalid_prompt',
    409: 'server_error',
    500: 'server_error',
    503: 'server_error',
  };
  for (const [status, code] of Object.entries(expected)) {
    const { model } = await modelAgainst(t, {
      post: (answer) => answerJson(answer, { error: { message: 'In its words.' } }, Number(status)),
    });
    const { events, ending } = await hear(model, requestWith());
    assert.deepEqual(events, []);
    assert.deepEqual(ending, {
      how: 'failed',
      usage: undefined,
      error: { code, message: 'In its words.' },
    });
  }
});

test('what the upstream says of a key is not repeated', async (t) => {
  const { model } = await modelAgainst(t, {
    post: (answer) => answerJson(answer, { error: { message: 'Incorrect API key provided: sk-abc.' } }, 401),
  });
  assert.deepEqual((await hear(model, requestWith())).ending.error, {
    code: 'server_error',
    message: "The upstream refused the sidecar's key (401).",
  });
});

test('an error status without a word, or with a page of HTML, is told by its number', async (t) => {
  const { model } = await modelAgainst(t, {
    post: (answer) => answer.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad</h1>'),
  });
  assert.equal(
    (await hear(model, requestWith())).ending.error?.message,
    'The upstream answered with status 502.',
  );
});

test('what the pipeline refuses ends as failed; only limits are limits', async () => {
  const endingOf = async (error: Error) => {
    const reject = async () => {
      throw error;
    };
    const calls: UpstreamCalls = { json: reject, stream: reject };
    return (await hear(createResponsesModel({ calls, upstreamStore: 'keep' }), requestWith())).ending;
  };
  const message = 'The budget `day` is used up.';
  assert.deepEqual(await endingOf(new ProxyError('budget_exceeded', { message })), {
    how: 'failed',
    usage: undefined,
    error: { code: 'rate_limit_exceeded', message },
  });
  assert.equal((await endingOf(new ProxyError('rate_limit_exceeded'))).error?.code, 'rate_limit_exceeded');
  assert.equal((await endingOf(new ProxyError('store_unavailable'))).error?.code, 'server_error');
  const bug = (await endingOf(new Error('secret inside'))).error;
  assert.deepEqual(bug, { code: 'server_error', message: 'The model call failed.' });
});

test('an upstream that never answers is left by an abort', async (t) => {
  const leave = new AbortController();
  const { model } = await modelAgainst(t, { post: () => setTimeout(() => leave.abort(), 50) });
  assert.deepEqual((await hear(model, requestWith(), contextWith(leave.signal))).ending, {
    how: 'aborted',
    usage: undefined,
  });
});

test('a call that was aborted before it began is not made', async (t) => {
  const { model, seen } = await modelAgainst(t, { post: () => {} });
  assert.equal((await hear(model, requestWith(), contextWith(AbortSignal.abort()))).ending.how, 'aborted');
  const left: UpstreamCalls = {
    json: () => Promise.reject(new CallerLeft()),
    stream: () => Promise.reject(new CallerLeft()),
  };
  const other = createResponsesModel({ calls: left, upstreamStore: 'keep' });
  assert.equal((await hear(other, requestWith(), contextWith(AbortSignal.abort()))).ending.how, 'aborted');
  assert.deepEqual(seen, []);
});

test('a call that is left in its middle ends soon, with the usage that the upstream tells later', async (t) => {
  const leave = new AbortController();
  let asked = 0;
  const { model, seen } = await modelAgainst(t, {
    post(answer) {
      startStream(answer).write(sse(short.slice(0, 5)));
      setTimeout(() => leave.abort(), 50);
    },
    get: (answer) => answerJson(answer, response((asked += 1) === 1 ? 'in_progress' : 'cancelled', [])),
  });
  const startedAtMs = performance.now();
  const { ending, events } = await hear(model, requestWith(), contextWith(leave.signal));
  assert.deepEqual(ending, { how: 'aborted', usage: runUsage });
  assert.equal(textOf(events), 'Hi');
  assert.deepEqual(seen.slice(1), ['GET /v1/responses/resp_1', 'GET /v1/responses/resp_1']);
  assert.ok(performance.now() - startedAtMs < 2000);
});

test('a call that breaks off is asked about; an upstream that forgets is not', async (t) => {
  for (const upstreamStore of ['keep', 'forget'] as const) {
    const { model, seen } = await modelAgainst(t, {
      upstreamStore,
      post: (answer) => startStream(answer).write(sse([created]), () => answer.destroy()),
      get: (answer) => answerJson(answer, response('completed', [])),
    });
    const { ending } = await hear(model, requestWith());
    assert.deepEqual(ending, {
      how: 'failed',
      usage: upstreamStore === 'keep' ? runUsage : undefined,
      error: brokenOff,
    });
    assert.equal(seen.length, upstreamStore === 'keep' ? 2 : 1);
  }
});

async function lookUpIn(
  t: TestContext,
  answered: object,
  status = 200,
): Promise<ReturnType<ModelPort['lookUp']>> {
  const { model } = await modelAgainst(t, {
    post: () => {},
    get: (answer) => answerJson(answer, answered, status),
  });
  return model.lookUp('resp_1', contextWith());
}

test('a call can be looked up while it runs, and when it has ended as if it had been heard', async (t) => {
  const items = [message(textPart('Hi')), functionCall];
  assert.deepEqual(await lookUpIn(t, response('queued', [])), { state: 'running' });
  assert.deepEqual(await lookUpIn(t, response('in_progress', [])), { state: 'running' });
  const found = await lookUpIn(t, response('completed', items));
  const { model } = await modelAgainst(t, {
    post: (answer) => answerJson(answer, response('completed', items)),
  });
  assert.deepEqual(found, { state: 'ended', ...(await hear(model, requestWith())) });
});

test('a response that was cancelled is found as failed, with its usage', async (t) => {
  const found = await lookUpIn(t, response('cancelled', []));
  assert.deepEqual(found.state === 'ended' && found.ending, {
    how: 'failed',
    usage: runUsage,
    error: {
      code: 'server_error',
      message:
        'The sidecar that carried out this run ended in the middle of a model call, and the upstream cancelled the call.',
    },
  });
});

test('what the upstream does not know, or tells no sense of, is unknown', async (t) => {
  assert.deepEqual(await lookUpIn(t, {}, 404), { state: 'unknown' });
  assert.deepEqual(await lookUpIn(t, {}, 500), { state: 'unknown' });
  assert.deepEqual(await lookUpIn(t, { object: 'response' }), { state: 'unknown' });
});

test('an upstream that forgets is never asked, nor for an id that could be a path', async (t) => {
  const { model: forgetful, seen } = await modelAgainst(t, { post: () => {}, upstreamStore: 'forget' });
  assert.deepEqual(await forgetful.lookUp('resp_1', contextWith()), { state: 'unknown' });
  const { model, seen: asked } = await modelAgainst(t, { post: () => {} });
  assert.deepEqual(await model.lookUp('../files/file-1', contextWith()), { state: 'unknown' });
  assert.deepEqual([...seen, ...asked], []);
});

test('input is counted by the upstream; what it can not count is unknown', async (t) => {
  const countFrom = async (post: Scripted['post']) => {
    const { model, seen } = await modelAgainst(t, { post });
    return [await model.countInput(requestWith(), contextWith()), seen];
  };
  const path = 'POST /v1/responses/input_tokens';
  assert.deepEqual(await countFrom((answer) => answerJson(answer, { input_tokens: 11 })), [11, [path]]);
  const odd = [{ input_tokens: '11' }, { input_tokens: 1.5 }, usage.input_tokens_details];
  for (const value of odd) {
    assert.deepEqual(await countFrom((answer) => answerJson(answer, value)), [undefined, [path]]);
  }
  const refused = await countFrom((answer) => answerJson(answer, { input_tokens: 11 }, 404));
  assert.deepEqual(refused, [undefined, [path]]);
  assert.deepEqual(await countFrom((answer) => answer.destroy()), [undefined, [path]]);
});
