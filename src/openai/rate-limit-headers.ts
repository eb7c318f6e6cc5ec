/** What an upstream says of one of its limits: `x-ratelimit-limit-tokens` and so on. */
export interface UpstreamLimit {
  readonly limit: number;
  readonly remaining: number;
  /** Until all of the limit is there again; the upstream replenishes it evenly. */
  readonly resetMs: number;
}

export const upstreamLimitKinds = ['requests', 'tokens'] as const;

export type UpstreamLimitKind = (typeof upstreamLimitKinds)[number];

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const namesOf = {
  requests: namesEndingIn('requests'),
  tokens: namesEndingIn('tokens'),
};

function namesEndingIn(kind: UpstreamLimitKind) {
  return {
    limit: `x-ratelimit-limit-${kind}`,
    remaining: `x-ratelimit-remaining-${kind}`,
    reset: `x-ratelimit-reset-${kind}`,
  };
}

/** Undefined if one of the three headers is missing, or is none. */
export function readUpstreamLimit(headers: Headers, kind: UpstreamLimitKind): UpstreamLimit | undefined {
  const names = namesOf[kind];
  const limit = readCount(headers[names.limit]);
  if (limit === undefined) return undefined;
  const remaining = readCount(headers[names.remaining]);
  const resetMs = readDurationMs(headers[names.reset]);
  if (remaining === undefined || resetMs === undefined) return undefined;
  return { limit, remaining, resetMs };
}

/** Milliseconds of a duration such as `12ms`, `1s`, `6m0s`, `1h2m3.5s` or, in plain seconds, `20`. */
export function readDurationMs(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string' || value.length > 32) return undefined;
  if (/^\d{1,9}(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const parts =
    /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d+)?)s)?(?:(\d{1,9}(?:\.\d+)?)ms)?$/.exec(
      value,
    );
  if (!parts || value === '') return undefined;
  const [days, hours, minutes, seconds, milliseconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return (((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!) * 1000 + milliseconds!;
}

function readCount(value: string | string[] | undefined): number | undefined {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
