import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkConfig } from '../../src/config/check.ts';
import { problemsOf } from './problems-of.ts';

const key = { OPENAI_API_KEY: 'sk-1' };

test('headers for the collector are name=value, and never shown', () => {
  const withHeaders = (headers: string) => ({ ...key, ASSISTANT_PROXY_TELEMETRY_OTLP_HEADERS: headers });
  for (const headers of ['a=b', 'a=b,c-d=e==', 'authorization=Basic%20Zm9v']) {
    assert.deepEqual(problemsOf({ env: withHeaders(headers) }), [], headers);
  }
  for (const headers of ['a', '=b', 'a=b,', 'a=b c', 'a=\u00e9', 'a b=c', 'a=b\r\nx=y']) {
    const paths = problemsOf({ env: withHeaders(headers) }).map(({ path }) => path);
    assert.deepEqual(paths, ['telemetry.otlpHeaders'], headers);
  }
  const { report } = checkConfig({ file: undefined, env: withHeaders('a=very-secret') });
  assert.ok(!report.includes('very-secret'), report);
});

test('a share of traces is between 0 and 1', () => {
  for (const ratio of ['-0.1', '1.1', 'NaN', 'half']) {
    const problems = problemsOf({ env: { ...key, ASSISTANT_PROXY_TELEMETRY_SAMPLE_RATIO: ratio } });
    assert.equal(problems.length, 1, ratio);
  }
});
