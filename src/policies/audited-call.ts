import type { Exchange, Identity } from '../exchange.ts';

/** Which call an event is about, and whose. */
export function auditedCall({ id, traceId, operation, record }: Exchange): object {
  return { requestId: id, traceId, ...knownOf(record.identity), operation: operation.name };
}

/** What isn't known is undefined, and so has no place on a line. */
export function knownOf(identity: Identity | undefined): object {
  return {
    org: identity?.org || undefined,
    team: identity?.team || undefined,
    app: identity?.app || undefined,
    user: identity?.user || undefined,
  };
}
