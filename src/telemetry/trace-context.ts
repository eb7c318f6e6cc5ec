/** The headers by which traces cross from one process to the next: https://www.w3.org/TR/trace-context/ */

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

const form = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** Undefined if there is none, or what is there is malformed: then nobody may go by it. */
export function readTraceparent(header: string | string[] | undefined): TraceContext | undefined {
  if (typeof header !== 'string' || header.length > maxLength) return undefined;
  const [, version, traceId, spanId, flags, rest] = form.exec(header) ?? [];
  // Later versions may add to it; the first has nothing behind its flags.
  if (!traceId || !spanId || (version === '00' && rest !== undefined)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags!, 16) & 1) === 1 };
}

const maxLength = 512;

export function writeTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${isSampled ? 1 : 0}`;
}

/** Whether a `tracestate` may be passed on: 32 members at most, each a name and a printable value. */
export function isTracestate(header: string | string[] | undefined): header is string {
  if (typeof header !== 'string' || header.length > maxLength) return false;
  const members = header.split(',').map((each) => each.trim());
  return members.length <= 32 && members.every((each) => each === '' || member.test(each));
}

const member =
  /^[a-z\d][a-z\d_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
