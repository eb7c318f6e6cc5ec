import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seededRandom } from '../chaos/seeded-random.ts';
import { failAtRandom } from './random-failures.ts';
import { withStandIn } from './with-stand-in.ts';

const draws = 4000;

test('the told share of requests fails, the same ones for the same seed', () => {
  const kinds = (seed: number, share: number) => {
    const draw = failAtRandom({ share, random: seededRandom(seed) });
    return Array.from({ length: draws }, () => draw(true)?.kind);
  };
  const failed = kinds(1, 0.3).filter(Boolean).length;
  assert.ok(failed > draws * 0.27 && failed < draws * 0.33, `${failed} of ${draws}`);
  assert.deepEqual(kinds(1, 0.3), kinds(1, 0.3));
  assert.notDeepEqual(kinds(1, 0.3), kinds(2, 0.3));
  assert.equal(kinds(1, 0).filter(Boolean).length, 0);
  assert.equal(kinds(1, 1).filter(Boolean).length, draws);
});

test('every kind of failure comes, and those of streams befall streams alone', () => {
  const drawn = (isStream: boolean) => {
    const draw = failAtRandom({ share: 1, random: seededRandom(3), retryAfterMs: 7 });
    return new Set(Array.from({ length: draws }, () => JSON.stringify(draw(isStream))));
  };
  const always = [
    '{"kind":"status","status":429,"code":"rate_limit_exceeded","retryAfterMs":7}',
    '{"kind":"status","code":"server_error"}',
    '{"kind":"status","code":"server_is_overloaded"}',
    '{"kind":"reset"}',
    '{"kind":"reset","ran":true}',
  ];
  assert.deepEqual([...drawn(false)].toSorted(), always.toSorted());
  const ofStreams = [
    '{"kind":"errorEvent","events":0}',
    '{"kind":"errorEvent","events":1}',
    '{"kind":"resetAfter","bytes":1500,"ran":true}',
  ];
  assert.deepEqual([...drawn(true)].toSorted(), [...always, ...ofStreams].toSorted());
});

test('a stand-in that fails at random says of each request what befell it and whether it was billed', async (t) => {
  const { standIn, client } = await withStandIn(t, { failures: { share: 0.5, random: seededRandom(1) } });
  for (let call = 0; call < 60; call += 1) {
    const stream = call % 2 === 0;
    const body = { model: 'gpt-4o', input: 'Hello [[words:40]]', stream };
    const options = { headers: { 'x-call-id': `call-${call}` } };
    const made = client.responses.create(body, options);
    await made.then(readToItsEnd).catch(() => {});
  }
  assert.equal(standIn.requests.length, 60);
  const ran = new Set([undefined, 'resetAfter']);
  for (const [call, { headers, fault, usage }] of standIn.requests.entries()) {
    assert.equal(headers['x-call-id'], `call-${call}`);
    if (fault !== 'reset') assert.equal(usage !== undefined, ran.has(fault), fault);
  }
  const resets = standIn.requests.filter(({ fault }) => fault === 'reset');
  assert.ok(resets.some(({ usage }) => usage) && resets.some(({ usage }) => !usage));
});

async function readToItsEnd(answer: object): Promise<void> {
  if (Symbol.asyncIterator in answer) for await (const _ of answer as AsyncIterable<unknown>);
}
