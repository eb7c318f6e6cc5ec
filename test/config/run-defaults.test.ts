import assert from 'node:assert/strict';
import { test } from 'node:test';

import { problemsOf } from './problems-of.ts';

const env = { OPENAI_API_KEY: 'sk-1' };

function pathsOf(defaults: object): string[] {
  return problemsOf({ text: JSON.stringify({ defaults }), env }).map(({ path }) => path);
}

for (const cap of [
  'maxPromptTokens',
  'maxCompletionTokens',
  'maxPromptTokensCeiling',
  'maxCompletionTokensCeiling',
]) {
  test(`defaults.${cap} is a cap as the API takes it, or none`, () => {
    assert.deepEqual(pathsOf({ [cap]: 0 }), []);
    assert.deepEqual(pathsOf({ [cap]: 1 }), [`defaults.${cap}`]);
    assert.deepEqual(pathsOf({ [cap]: 255 }), [`defaults.${cap}`]);
    assert.deepEqual(pathsOf({ [cap]: 256 }), []);
  });
}

for (const cap of ['maxPromptTokens', 'maxCompletionTokens']) {
  test(`defaults.${cap} is within its own ceiling`, () => {
    assert.deepEqual(pathsOf({ [cap]: 1000, [`${cap}Ceiling`]: 1000 }), []);
    assert.deepEqual(pathsOf({ [cap]: 1001, [`${cap}Ceiling`]: 1000 }), [`defaults.${cap}`]);
    assert.deepEqual(pathsOf({ [`${cap}Ceiling`]: 1000 }), []);
  });
}
