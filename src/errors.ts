import { type ErrorCode, type ErrorRow, errorTable } from './error-table.ts';

interface ErrorDetail {
  /** Replaces the table's message where more can be said. Never holds a secret or a piece of a body. */
  readonly message?: string;
  /** The parameter at fault, as in OpenAI's error body. */
  readonly param?: string;
  readonly cause?: unknown;
  /** Sent with the answer, such as Retry-After. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The upstream has, or may have, begun to work on the request, and may bill it. */
  readonly mayHaveRun?: boolean;
}

/** An error from the table, thrown anywhere and translated to HTTP once, at the edge. */
export class ProxyError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly type: string;
  /** As the caller sees it. */
  readonly wireCode: string | null;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly mayHaveRun: boolean;

  constructor(code: ErrorCode, detail: ErrorDetail = {}) {
    const row: ErrorRow = errorTable[code];
    super(detail.message ?? row.message, { cause: detail.cause });
    this.name = 'ProxyError';
    this.code = code;
    this.status = row.status;
    this.type = row.type;
    this.wireCode = row.wireCode === null ? null : code;
    this.param = detail.param ?? null;
    this.headers = detail.headers ?? {};
    this.mayHaveRun = detail.mayHaveRun ?? false;
  }

  /** The same error with further headers, and a sentence more to its message. */
  with(headers: Readonly<Record<string, string>>, note = ''): ProxyError {
    const { code, cause, mayHaveRun } = this;
    const message = note === '' ? this.message : `${this.message} ${note}`;
    const param = this.param === null ? {} : { param: this.param };
    return new ProxyError(code, {
      message,
      cause,
      mayHaveRun,
      ...param,
      headers: { ...this.headers, ...headers },
    });
  }
}

/** Those whose own words quote nothing of the request but whose call it is, as scopes and logs tell that, too. */
const tellable: ReadonlySet<ErrorCode> = new Set([
  'budget_exceeded',
  'rate_limit_exceeded',
  'upstream_unreachable',
  'store_unavailable',
]);

/** What others than the caller may be told of an error: its own words, or where those may quote it, the table's. */
export function tellableMessage({ code, message }: ProxyError): string {
  return tellable.has(code) ? message : errorTable[code].message;
}

/** The caller left: nobody is there to read an answer, so this one is never translated. */
export class CallerLeft extends Error {
  /** As of a `ProxyError`. */
  readonly mayHaveRun: boolean;

  constructor(mayHaveRun = false) {
    super('the caller closed the connection');
    this.name = 'CallerLeft';
    this.mayHaveRun = mayHaveRun;
  }
}

/** OpenAI's error body, all four keys always present. */
export function errorBody(error: ProxyError): string {
  const { message, type, param, wireCode: code } = error;
  return JSON.stringify({ error: { message, type, param, code } });
}
