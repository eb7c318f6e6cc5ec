import { createHmac } from 'node:crypto';

import type { Headers, Identity } from '../exchange.ts';
import type { CallRedaction } from './call-redaction.ts';
import { maskAtOnce } from './mask-at-once.ts';

/** Who pays is told in scopes, logs and the store: a name that is personal data stands there by a digest. */
export function hideIdentity({ org, team, app, user }: Identity, call: CallRedaction): Identity {
  return { org, team: hideName(team, call), app: hideName(app, call), user: hideName(user, call) };
}

/** Answers must come as plain bytes, or nothing could be put back into them. */
export function hideInHeaders(headers: Headers, call: CallRedaction): Headers {
  const hide = (value: string) => hideName(value, call);
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (name === 'accept-encoding') return [name, undefined];
      if (value === undefined || plainHeaders.has(name) || name.startsWith('x-stainless-'))
        return [name, value];
      return [name, typeof value === 'string' ? hide(value) : value.map(hide)];
    }),
  );
}

/** Those that the caller's HTTP client writes, and those that never leave. */
const plainHeaders: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-type',
  'content-length',
  'authorization',
  'api-key',
  'user-agent',
  'accept',
  'transfer-encoding',
]);

function hideName(name: string, call: CallRedaction): string {
  if (name === '' || maskAtOnce(name, call) === name) return name;
  const key = call.hashKey() || 'assistant-proxy';
  return `hidden-${createHmac('sha256', key).update(name).digest('hex').slice(0, 16)}`;
}
