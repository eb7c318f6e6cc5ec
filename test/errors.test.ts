import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { type ErrorCode, errorTable } from '../src/error-table.ts';
import { ProxyError, errorBody } from '../src/errors.ts';

const source = join(import.meta.dirname, '../src');

test('every error of the table is used somewhere, and says what to do', () => {
  const files = globSync('**/*.ts', { cwd: source }).filter((file) => file !== 'errors.ts');
  const text = files.map((file) => readFileSync(join(source, file), 'utf8')).join('\n');
  for (const [code, { message }] of Object.entries(errorTable)) {
    assert.ok(isThrown(code, text), `${code} is never thrown`);
    assert.match(message, /^[A-Z].*\.$/, `${code}: a message is whole sentences`);
  }
});

test('an error body has the four keys that OpenAI’s have, in its order', () => {
  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    const { error } = JSON.parse(errorBody(new ProxyError(code))) as { error: Record<string, unknown> };
    assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code']);
    assert.equal(error['code'], codelessErrors.has(code) ? null : code);
  }
});

/** Those about numbers are put together of the number's kind and the rest. */
function isThrown(code: string, text: string): boolean {
  return (
    text.includes(`'${code}'`) || text.includes(`\`${code.replace(/^(?:integer|decimal)_/, '${kind}_')}\``)
  );
}

/** OpenAI's own errors of these kinds have no code. */
const codelessErrors = new Set(['thread_locked', 'wrong_run_status', 'wrong_tool_outputs', 'no_such_object']);
