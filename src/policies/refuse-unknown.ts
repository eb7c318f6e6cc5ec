import { ProxyError } from '../errors.ts';
import type { Policy } from '../exchange.ts';

/** For organisations that want nothing to pass which the sidecar can't name, and so can't govern. */
export function refuseUnknown(unknownOperations: 'allow' | 'deny'): Policy {
  if (unknownOperations === 'allow') return (next) => next;
  return (next) => async (exchange) => {
    if (exchange.operation.name === 'unknown') throw new ProxyError('unknown_operation');
    return next(exchange);
  };
}
