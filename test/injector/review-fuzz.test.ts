import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { NoReview, review } from '../../src/injector/review.ts';
import { applied, cases, settingsWith } from './pods/cases.ts';
import { type AdmissionResponse, reviewOf } from './start-injector.ts';

const settings = settingsWith();
const strict = settingsWith({ ASSISTANT_PROXY_INJECTOR_ON_ERROR: 'deny' });

/** A review, a `NoReview`, and nothing else. */
function check(body: unknown, used = settings): void {
  let answer: { response: AdmissionResponse } | undefined;
  try {
    answer = review(body, used).answer as typeof answer;
  } catch (error) {
    assert.ok(error instanceof NoReview, (error as Error).stack);
    return;
  }
  const { uid, allowed, patch, patchType, warnings = [], status } = answer!.response;
  const { request } = body as { request: { uid: string; object: object } };
  assert.equal(uid, request.uid);
  assert.equal(typeof allowed, 'boolean');
  assert.equal(patch !== undefined, patchType === 'JSONPatch');
  assert.equal(status !== undefined, !allowed);
  assert.ok(warnings.every((warning) => typeof warning === 'string' && warning.length <= 256));
  assert.ok(warnings.length <= 13);
  if (patch === undefined) return;
  assert.ok(allowed);
  applied(request.object, JSON.parse(Buffer.from(patch, 'base64').toString()) as []);
}

test('whatever comes as a body is answered with a review, or refused', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (body) => check(body)),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (request) => check({ ...reviewOf(0), request })),
    { numRuns: 1000 },
  );
});

test('a pod with anything in any place of it is answered with a review whose patch fits', () => {
  const pods = cases.map(({ pod }) => pod);
  fc.assert(
    fc.property(
      fc.constantFrom(...pods),
      fc.nat(),
      fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom('__proto__', '', 'x'.repeat(5000), -1, 1e308, null, {}, []),
      ),
      fc.constantFrom(settings, strict),
      (pod, place, value, used) => check(reviewOf(withValueAt(pod, place, value)), used),
    ),
    { numRuns: 3000 },
  );
});

test('an annotation with any text in it is answered', () => {
  const names = [
    'inject',
    'native',
    'containers',
    'image',
    'cpu-limit',
    'port',
    'env',
    'patch',
    'config',
    'x',
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.oneof(fc.string(), fc.json(), fc.constant('[{"op":"add","path":"/__proto__/polluted","value":1}]')),
      (name, value) => {
        const annotations = { [`assistant-proxy.io/${name}`]: value };
        check(reviewOf({ ...pod, metadata: { name: 'web', annotations } }));
        assert.ok(!('polluted' in {}));
      },
    ),
    { numRuns: 2000 },
  );
});

test('what is nested too deep to be copied or written is refused', () => {
  for (const levels of [100, 3000, 100_000]) {
    const deep = `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const text = JSON.stringify(
      reviewOf({ ...pod, spec: { containers: [{ name: 'web', env: [{ name: 'A' }] }] } }),
    );
    check(JSON.parse(text.replace('{"name":"A"}', `{"name":"A","valueFrom":${deep}}`)));
    check(JSON.parse(text.replace('"web"', deep)));
    const patch = `[{"op":"add","path":"/x","value":${deep}}]`;
    const annotated = { ...pod, metadata: { annotations: { 'assistant-proxy.io/patch': patch } } };
    check(reviewOf(annotated));
    assert.equal(review(reviewOf(annotated), strict).result, 'refused');
  }
});

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'web', image: 'web:1' }] },
};

/** A copy with the value in one of all the places that there are. */
function withValueAt(object: object, place: number, value: unknown): object {
  const copy = structuredClone(object);
  const places: [Record<string, unknown>, string][] = [];
  const walk = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      walk((node as Record<string, unknown>)[key]);
    }
  };
  walk(copy);
  const [parent, key] = places[place % places.length]!;
  parent[key] = value;
  return copy;
}
