import { type Exchange, newCallRecord } from '../../src/exchange.ts';
import { unknownOperation } from '../../src/openai/operations.ts';

/** The plainest call there is, for tests below the edge. */
export function plainExchange(): Exchange {
  return {
    id: 'req_1',
    method: 'GET',
    operation: unknownOperation,
    path: '/models',
    query: '',
    deployment: undefined,
    headers: {},
    body: { kind: 'none' },
    signal: new AbortController().signal,
    record: newCallRecord(),
  };
}
