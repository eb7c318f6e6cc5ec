import assert from 'node:assert/strict';

import type Type from 'typebox';

import { readParams } from '../../../src/assistants/params/read-params.ts';
import { ProxyError } from '../../../src/errors.ts';

/** What a caller sees of a body that is refused; undefined if it isn't. */
export function refusalOf(
  schema: Type.TSchema,
  body: unknown,
): { code: string; param: string | null; message: string } | undefined {
  try {
    readParams(schema, body);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ProxyError, String(error));
    assert.deepEqual([error.status, error.type], [400, 'invalid_request_error']);
    return { code: error.code, param: error.param, message: error.message };
  }
}
