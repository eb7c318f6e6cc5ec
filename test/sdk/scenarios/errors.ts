import assert from 'node:assert/strict';

import { describeError, eventsOf, failureOf, headersOf } from '../record.ts';
import type { Scenario } from '../scenario.ts';

const model = 'gpt-4o-mini';
const hello = { model, input: 'Hello' };

export const errorScenarios: readonly Scenario[] = [
  {
    title: 'a bad request fails as BadRequestError with code, type and param',
    async run({ client }) {
      const failure = await failureOf(client.responses.create({ ...hello, max_output_tokens: 3 }));
      assert.equal(failure['class'], 'BadRequestError');
      assert.equal(failure['code'], 'integer_below_min_value');
      assert.equal(failure['param'], 'max_output_tokens');
      return failure;
    },
  },
  {
    title: 'what does not exist fails as NotFoundError',
    async run({ client }) {
      const failures = [
        await failureOf(client.responses.retrieve('resp_none')),
        await failureOf(client.files.retrieve('file-none')),
        await failureOf(client.models.retrieve('no-such-model')),
        await failureOf(client.chat.completions.create({ model: 'no-such-model', messages: [] })),
        await failureOf(client.post('/no/such/path', { body: { hello: 'there' } })),
      ];
      for (const failure of failures) assert.equal(failure['class'], 'NotFoundError');
      return failures;
    },
  },
  {
    title: 'a rate limit is waited for, as the answer says, and then passed',
    async run({ client, standIn }) {
      standIn.fail({ kind: 'status', code: 'rate_limit_exceeded', retryAfterMs: 20, times: 2 });
      const { data, response } = await client.responses.create(hello).withResponse();
      assert.equal(standIn.requests.length, 3);
      return { data, status: response.status };
    },
  },
  {
    title: 'a rate limit without retries fails as RateLimitError',
    async run({ client, standIn }) {
      standIn.fail({
        kind: 'status',
        code: 'rate_limit_exceeded',
        retryAfterSeconds: 7,
        resetRequests: '7s',
      });
      const failure = await failureOf(client.responses.create(hello, { maxRetries: 0 }));
      assert.equal(failure['class'], 'RateLimitError');
      return failure;
    },
  },
  {
    title: 'an exhausted quota is not tried again when the upstream says so',
    async run({ client, standIn }) {
      standIn.fail({ kind: 'status', code: 'insufficient_quota', shouldRetry: false, times: 3 });
      const failure = await failureOf(client.responses.create(hello));
      assert.equal(standIn.requests.length, 1);
      return failure;
    },
  },
  {
    title: 'a server error fails as InternalServerError',
    async run({ client, standIn }) {
      standIn.fail({ kind: 'status', status: 500 });
      const failure = await failureOf(client.embeddings.create({ model, input: 'x' }, { maxRetries: 0 }));
      assert.equal(failure['class'], 'InternalServerError');
      return failure;
    },
  },
  {
    title: 'an error event in a stream fails the loop over it',
    async run({ client, standIn }) {
      standIn.fail({ kind: 'errorEvent', times: 2 });
      const messages = [{ role: 'user' as const, content: 'Hello' }];
      const failures = [];
      for (const create of [
        () => client.responses.create({ ...hello, stream: true }),
        () => client.chat.completions.create({ model, messages, stream: true }),
      ]) {
        const stream: AsyncIterable<unknown> = await create();
        const events: unknown[] = [];
        try {
          for await (const event of stream) events.push(event);
          failures.push({ events });
        } catch (error) {
          failures.push({ events, error: describeError(error) });
        }
      }
      return failures;
    },
  },
  {
    title: 'a stream that the upstream cuts fails the loop over it',
    async run({ client, standIn }) {
      standIn.fail({ kind: 'resetAfter', bytes: 3000 });
      const stream = await client.responses.create({ ...hello, stream: true });
      // Not its message: major 4 tells a reset (`read ECONNRESET`) from a close (`Premature close`).
      return (await failureOf(eventsOf(stream)))['class'];
    },
  },
  {
    title: 'withResponse and asResponse show status, headers and request id',
    async run({ client }) {
      const { data, response, request_id } = await client.responses.create(hello).withResponse();
      const raw = await client.models.list().asResponse();
      const streamed = await client.chat.completions
        .create({ model, messages: [{ role: 'user', content: 'Hi' }], stream: true })
        .withResponse();
      assert.ok(request_id?.startsWith('req_'));
      return {
        response: { data, request_id, status: response.status, headers: headersOf(response.headers) },
        raw: { status: raw.status, headers: headersOf(raw.headers), body: await raw.text() },
        streamed: { headers: headersOf(streamed.response.headers), chunks: await eventsOf(streamed.data) },
      };
    },
  },
  {
    title: 'a stream that the application leaves is closed upstream',
    async run({ client, standIn }) {
      const long = { model, input: 'Hello [[words:400]] [[delayMs:5]]', stream: true as const };
      const seen: unknown[] = [];
      const leaver = new AbortController();
      const bySignal = await client.responses.create(long, { signal: leaver.signal });
      for await (const event of bySignal) {
        if (seen.length < 12) seen.push(event);
        if (seen.length === 12) leaver.abort();
      }
      const byController = await client.responses.create(long);
      for await (const event of byController) {
        if (seen.length < 24) seen.push(event);
        if (seen.length === 24) byController.controller.abort();
      }
      await until(() => standIn.requests.filter(({ aborted }) => aborted).length === 2);
      return seen;
    },
  },
  {
    title: 'a call that is aborted fails as APIUserAbortError, a slow one as APIConnectionTimeoutError',
    async run({ client, standIn }) {
      const leaver = new AbortController();
      const slow = { model, input: 'Hello [[thinkMs:5000]]' };
      const aborting = failureOf(client.responses.create(slow, { signal: leaver.signal }));
      await until(() => standIn.requests.length === 1);
      leaver.abort();
      const aborted = await aborting;
      const late = await failureOf(client.responses.create(slow, { timeout: 200, maxRetries: 0 }));
      assert.deepEqual([aborted['class'], late['class']], ['APIUserAbortError', 'APIConnectionTimeoutError']);
      await until(() => standIn.requests.filter(({ aborted: left }) => left).length === 2);
      return { aborted, late };
    },
  },
];

async function until(happened: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 3000;
  while (!happened()) {
    assert.ok(performance.now() < deadlineMs, 'the upstream did not see it');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
