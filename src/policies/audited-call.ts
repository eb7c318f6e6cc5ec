import type { Exchange, Identity } from '../exchange.ts';

/** Which call an event is about, and whose. */
export function auditedCall({ id, traceId, operation, record }: Exchange): object {
  return { requestId: id, traceId, ...knownOf(record.identity), operation: operation.name };
}

/** What isn't known has no place on a line. */
function knownOf(identity: Identity | undefined): Partial<Identity> | undefined {
  if (!identity) return undefined;
  const { org, team, app, user } = identity;
  return { ...(org && { org }), ...(team && { team }), ...(app && { app }), ...(user && { user }) };
}
