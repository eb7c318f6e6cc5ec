import { ProxyError } from '../errors.ts';
import type { Headers, Identity, Policy } from '../exchange.ts';

/** Who may call. */
export interface Callers {
  /** Undefined if it is nobody's key. Takes the same time for any key. */
  find(key: string): Caller | undefined;
}

export interface Caller {
  /** What the key is called. */
  readonly name: string;
  /** Whose key it is, as far as that is configured. */
  readonly identity: Partial<Identity>;
}

/**
 * Refuses a call without a known key, before any of its body is read, and marks the others with the name and
 * the identity of their key. The key is a bearer token, or in `api-key` as Azure's clients send it. With `callers` undefined
 * everybody may call.
 */
export function authenticate(callers: Callers | undefined): Policy {
  if (callers === undefined) return (next) => next;
  return (next) => async (exchange) => {
    const key = keyIn(exchange.headers);
    const caller = key === undefined ? undefined : callers.find(key);
    if (caller === undefined) {
      // RFC 9110, section 15.5.2: a 401 says what would be accepted.
      throw new ProxyError('invalid_api_key', { headers: { 'www-authenticate': 'Bearer' } });
    }
    const { name, identity } = caller;
    return next({ ...exchange, caller: name, identity: { ...unknownIdentity, ...identity } });
  };
}

const unknownIdentity: Identity = { org: '', team: '', app: '', user: '' };

function keyIn({ authorization, 'api-key': apiKey }: Headers): string | undefined {
  const bearer = typeof authorization === 'string' ? /^Bearer +(\S+)$/i.exec(authorization)?.[1] : undefined;
  return bearer ?? (typeof apiKey === 'string' ? apiKey : undefined);
}
