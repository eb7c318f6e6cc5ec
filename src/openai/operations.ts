import { apiOperationRows } from './api-operation-rows.ts';
import type { OperationRow, RequestBodyKind, UsageShape } from './operation-row.ts';
import { organizationOperationRows } from './organization-operation-rows.ts';

export interface Operation {
  /** As the SDK's method is called: `threads.runs.create`. */
  readonly name: string;
  readonly method: string;
  /** Below the API's prefix, parameters in braces: `/threads/{thread_id}/runs`. */
  readonly path: string;
  readonly requestBody: RequestBodyKind;
  /** Where the answer tells its usage, null if it doesn't. */
  readonly usage: UsageShape | null;
}

/** What a clean path is that no row matches: it may carry any body, and nothing is known of its answer. */
export const unknownOperation: Operation = {
  name: 'unknown',
  method: '*',
  path: '*',
  requestBody: 'any',
  usage: null,
};

/** Every operation of the OpenAI API. Queries are no part of an operation: `?beta=true` is the same one. */
export const operations: readonly Operation[] = [...apiOperationRows, ...organizationOperationRows].map(
  toOperation,
);

function toOperation([name, route, requestBody = 'none', usage]: OperationRow): Operation {
  const [method = '', path = ''] = route.split(' ');
  return { name, method, path, requestBody, usage: usage ?? null };
}
