import type { Headers, Identity } from '../exchange.ts';
import { readTraceparent } from '../telemetry/trace-context.ts';
import type { CallRedaction } from './call-redaction.ts';
import { findAtOnce } from './find-at-once.ts';

/** Who pays is told in scopes, logs and the store: a name that is personal data stands there by a digest. */
export function hideIdentity(
  identity: Identity,
  { finder, modes, hideName, fitsOf }: Pick<CallRedaction, 'finder' | 'modes' | 'hideName' | 'fitsOf'>,
): Identity {
  const { team, app, user } = identity;
  // It is counted where it stands in the request.
  const isPersonal = (name: string) =>
    finder.findNow(name).some(({ entity }) => modes.of(entity) !== 'observe');
  if (![team, app, user].some(isPersonal)) return identity;
  const hide = (name: string) => (isPersonal(name) ? hideName(name) : name);
  const fits = [...(identity.fits ?? []), ...fitsOf(identity)];
  return { ...identity, team: hide(team), app: hide(app), user: hide(user), fits };
}

/** Answers must come as plain bytes, or nothing could be put back into them. */
export function hideInHeaders(headers: Headers, call: CallRedaction): Headers {
  const hide = (value: string) => (findAtOnce(value, 'hash', call).length > 0 ? call.hideName(value) : value);
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (name === 'accept-encoding') return [name, undefined];
      // Random numbers, which would be none of a trace if one that looks like an account were hidden.
      if (name === 'traceparent' && readTraceparent(value)) return [name, value];
      if (name === 'tracestate' && hide(String(value)) !== String(value)) return [name, undefined];
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
