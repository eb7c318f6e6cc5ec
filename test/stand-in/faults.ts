import type { IncomingMessage } from 'node:http';

/**
 * A way to fail. `ran` says whether the operation still takes place (and is billed) although its answer is
 * lost; those that cut an answer always run.
 */
export type Fault = {
  /** How many matching requests fail; 1 unless told. */
  times?: number;
  /** Which paths; all unless told. */
  operationPath?: RegExp;
  method?: string;
} & FaultKind;

export type FaultKind =
  | StatusFault
  /** The connection is reset before any byte of the answer. */
  | { kind: 'reset'; ran?: boolean }
  /** The connection is reset after so many bytes of the body. With `ran`, the rest of it is made and billed too. */
  | { kind: 'resetAfter'; bytes: number; ran?: boolean }
  /** Accepts the request and never answers. */
  | { kind: 'silence'; ran?: boolean }
  /** Answers the status line and headers, then nothing. */
  | { kind: 'headersThenSilence' }
  /** Streams as usual for so many bytes, then nothing more, with the connection open. */
  | { kind: 'silenceAfter'; bytes: number }
  /** So many bytes of the body (1 unless told) every `delayMs`. */
  | { kind: 'drip'; delayMs: number; bytes?: number }
  /** Announces so many bytes more (or, if negative, fewer) than it sends. */
  | { kind: 'contentLength'; offset: number }
  /** The body ends cleanly after so many bytes: half of it unless told. */
  | { kind: 'truncate'; bytes?: number }
  /** Something that is not HTTP. */
  | { kind: 'garbage' }
  /** A redirect, 307 unless told. */
  | { kind: 'redirect'; location: string; status?: number }
  /**
   * A stream that starts well and then reports an error: after so many events, 3 unless told. What failed before it
   * put out anything is not billed.
   */
  | { kind: 'errorEvent'; events?: number; code?: string; message?: string };

/** An error status. A known `code` brings its own status and type; `retryAfter...` and so on its headers. */
export interface StatusFault {
  kind: 'status';
  status?: number;
  code?: string;
  type?: string;
  message?: string;
  /** `Retry-After` in seconds. */
  retryAfterSeconds?: number;
  /** `Retry-After` as an HTTP date so many seconds from now. */
  retryAfterDateSeconds?: number;
  /** `retry-after-ms`. */
  retryAfterMs?: number;
  /** `x-ratelimit-reset-requests`, such as `1s`, `6m0s`, `12ms`; with it the remaining requests are 0. */
  resetRequests?: string;
  /** `x-ratelimit-reset-tokens`; with it the remaining tokens are 0. */
  resetTokens?: string;
  /** `x-should-retry`. */
  shouldRetry?: boolean;
}

/** Decides which requests fail. */
export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  /** The fault for this request, counted as used. */
  take(request: IncomingMessage): FaultKind | undefined;
}

export function createFaults(): Faults {
  let planned: { fault: Fault; left: number }[] = [];
  const usedByHeader = new Map<string, number>();

  return {
    add(fault) {
      planned.push({ fault, left: fault.times ?? 1 });
    },
    clear() {
      planned = [];
      usedByHeader.clear();
    },
    take(request) {
      const header = request.headers['x-stand-in-fault'];
      if (typeof header === 'string') {
        const fault = readFaultHeader(header);
        const used = usedByHeader.get(header) ?? 0;
        usedByHeader.set(header, used + 1);
        if (used < (fault.times ?? Number.POSITIVE_INFINITY)) return fault;
      }
      const index = planned.findIndex(({ fault }) => matches(fault, request));
      const found = planned[index];
      if (!found) return undefined;
      found.left--;
      if (found.left <= 0) planned.splice(index, 1);
      return found.fault;
    },
  };
}

/**
 * The value of `x-stand-in-fault`: JSON, or a short form: the kind and its members, `resetAfter bytes=100` or
 * `status code=slow_down retryAfterMs=50 times=2 key=a`. With `times`, requests with the very same value are
 * counted together; any further member, such as `key`, sets them apart. Without it each of them fails.
 */
export function readFaultHeader(value: string): Fault {
  if (value.startsWith('{')) return JSON.parse(value) as Fault;
  const [kind, ...members] = value.trim().split(/\s+/);
  const entries = members.map((member) => {
    const at = member.indexOf('=');
    return [member.slice(0, at), scalar(member.slice(at + 1))] as const;
  });
  return { ...Object.fromEntries(entries), kind } as Fault;
}

function matches(fault: Fault, request: IncomingMessage): boolean {
  if (fault.method && fault.method !== request.method) return false;
  return fault.operationPath?.test(request.url ?? '') ?? true;
}

function scalar(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}
