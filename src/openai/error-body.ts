import { asBuffer } from './byte-buffer.ts';
import { isRecord } from './is-record.ts';

/** What an error says of itself; each is absent if it said nothing. */
export interface ToldError {
  readonly type?: string;
  readonly code?: string;
}

/** Reads `{"error":{...}}`, as answers have it. Undefined if the body is none of that. */
export function readErrorBody(bytes: Uint8Array): ToldError | undefined {
  try {
    const body: unknown = JSON.parse(asBuffer(bytes).toString('utf8'));
    return isRecord(body) && isRecord(body['error']) ? readToldError(body['error']) : undefined;
  } catch {
    return undefined;
  }
}

export function readToldError({ type, code }: Record<string, unknown>): ToldError {
  return { ...(typeof type === 'string' && { type }), ...(typeof code === 'string' && { code }) };
}

/** The account is used up: it does not help to come back before somebody has paid, or a month has ended. */
export function isQuotaError({ type, code }: ToldError): boolean {
  return type === 'insufficient_quota' || quotaCodes.has(code ?? '');
}

const quotaCodes: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
  'billing_hard_limit_reached',
]);
