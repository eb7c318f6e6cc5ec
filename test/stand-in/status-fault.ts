import { ApiError } from './api-error.ts';
import type { ErrorBody } from './api-error.ts';
import type { StatusFault } from './faults.ts';
import { json, type Reply } from './reply.ts';

/** The error answer that a status fault asks for. */
export function statusReply(fault: StatusFault, nowMs: number): Reply {
  const known = KNOWN[fault.code ?? ''];
  const status = fault.status ?? known?.status ?? 500;
  const error = new ApiError(
    status,
    fault.message ?? known?.message ?? MESSAGES[status] ?? 'Injected error.',
    {
      code: fault.code ?? null,
      ...((fault.type ?? known?.type) ? { type: fault.type ?? known?.type ?? '' } : {}),
    },
  );
  const reply = json<ErrorBody>(error.body, status);
  return { ...reply, headers: { ...reply.headers, ...headersOf(fault, nowMs) } };
}

function headersOf(fault: StatusFault, nowMs: number): Record<string, string> {
  const headers: Record<string, string> = {};
  if (fault.retryAfterSeconds !== undefined) headers['retry-after'] = String(fault.retryAfterSeconds);
  if (fault.retryAfterDateSeconds !== undefined) {
    headers['retry-after'] = new Date(nowMs + fault.retryAfterDateSeconds * 1000).toUTCString();
  }
  if (fault.retryAfterMs !== undefined) headers['retry-after-ms'] = String(fault.retryAfterMs);
  if (fault.resetRequests !== undefined) {
    headers['x-ratelimit-reset-requests'] = fault.resetRequests;
    headers['x-ratelimit-remaining-requests'] = '0';
  }
  if (fault.resetTokens !== undefined) {
    headers['x-ratelimit-reset-tokens'] = fault.resetTokens;
    headers['x-ratelimit-remaining-tokens'] = '0';
  }
  if (fault.shouldRetry !== undefined) headers['x-should-retry'] = String(fault.shouldRetry);
  return headers;
}

const QUOTA = 'You exceeded your current quota, please check your plan and billing details.';

const KNOWN: Record<string, { status: number; type: string; message: string }> = {
  rate_limit_exceeded: {
    status: 429,
    type: 'requests',
    message: 'Rate limit reached for requests. Please try again in 1s.',
  },
  slow_down: { status: 429, type: 'requests', message: 'Please slow down: traffic rose too fast.' },
  insufficient_quota: { status: 429, type: 'insufficient_quota', message: QUOTA },
  credit_balance_exhausted: { status: 429, type: 'insufficient_quota', message: QUOTA },
  organization_spend_limit_exceeded: { status: 429, type: 'insufficient_quota', message: QUOTA },
  project_spend_limit_exceeded: { status: 429, type: 'insufficient_quota', message: QUOTA },
  organization_usage_limit_exceeded: { status: 429, type: 'insufficient_quota', message: QUOTA },
  server_error: {
    status: 500,
    type: 'server_error',
    message: 'The server had an error while processing your request. Sorry about that!',
  },
  server_is_overloaded: {
    status: 503,
    type: 'server_error',
    message: 'The server is overloaded or not ready yet.',
  },
};

const MESSAGES: Record<number, string> = {
  408: 'Request timed out.',
  409: 'The resource is locked by another request.',
  500: 'The server had an error while processing your request. Sorry about that!',
  502: 'Bad gateway.',
  503: 'The server is overloaded or not ready yet.',
  504: 'Gateway timeout.',
};
