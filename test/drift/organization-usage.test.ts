import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';

import { Pool } from 'undici';

import { createOrganizationUsage } from '../../src/drift/organization-usage.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';

const hourMs = 3_600_000;

async function asking(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  projectIds: string[] = [],
) {
  const { url } = await startUpstream(t, answer);
  const dispatcher = new Pool(new URL(url).origin);
  const usage = createOrganizationUsage({
    baseUrl: url,
    dispatcher,
    adminKey: () => 'sk-admin-x',
    projectIds,
  });
  t.after(() => usage.close());
  return usage;
}

const page = (data: object[], next?: string) => ({
  object: 'page',
  data,
  has_more: next !== undefined,
  next_page: next ?? null,
});

test('pages are followed, what lies outside of the period is left out, and projects are named', async (t) => {
  const asked: URL[] = [];
  const bucket = (hour: number, input_tokens: number) => ({
    object: 'bucket',
    start_time: hour * 3600,
    end_time: (hour + 1) * 3600,
    results: [{ object: 'organization.usage.completions.result', input_tokens, output_tokens: 1 }],
  });
  const usage = await asking(
    t,
    (request, response) => {
      const url = new URL(request.url!, 'http://x');
      asked.push(url);
      assert.equal(request.headers.authorization, 'Bearer sk-admin-x');
      if (url.pathname.endsWith('/embeddings')) return answerJson(response, page([]));
      const isFirst = !url.searchParams.has('page');
      return answerJson(
        response,
        isFirst ? page([bucket(9, 5), bucket(10, 7)], 'p2') : page([bucket(11, 8), bucket(12, 100)]),
      );
    },
    ['proj_a', 'proj_b'],
  );
  assert.deepEqual(await usage.tokens(10 * hourMs, 12 * hourMs), { input: 15, output: 2, cachedInput: 0 });
  const [first] = asked;
  assert.equal(first!.pathname, '/v1/organization/usage/completions');
  assert.deepEqual(first!.searchParams.getAll('project_ids[]'), ['proj_a', 'proj_b']);
  assert.equal(first!.searchParams.get('start_time'), '36000');
});

test('an answer that is none fails with what to do, and never with the key', async (t) => {
  const answers: [answer: (response: ServerResponse) => unknown, message: RegExp][] = [
    [(response) => response.writeHead(403).end(), /answered 403; drift\.adminKey must be/],
    [(response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), /answered 302/],
    [(response) => response.end('sk-admin-x'), /no page of usage/],
    [(response) => response.end('[]'), /no page of usage/],
    [(response) => response.end('x'.repeat(5_000_000)), /could not be read \(too long\)/],
    [(response) => response.destroy(), /could not be read \(/],
    [(response) => answerJson(response, page([], 'again')), /more than 100 pages/],
    [(response) => answerJson(response, costs({ value: 1, currency: 'eur' })), /another currency/],
    [(response) => answerJson(response, costs({ value: 'much', currency: 'usd' })), /no number/],
  ];
  for (const [answer, message] of answers) {
    const usage = await asking(t, (_request, response) => answer(response));
    const error = await usage.costUsd(0, 24 * hourMs).then(
      () => assert.fail('it did not fail'),
      (reason: Error) => reason,
    );
    assert.match(error.message, message);
    assert.doesNotMatch(`${error.message}${String(error.cause)}`, /sk-admin/);
  }
});

function costs(amount: object): object {
  return page([{ object: 'bucket', start_time: 0, end_time: 86_400, results: [{ amount }] }]);
}
