import { createMemberScanner } from './json-members.ts';

/** A JSON body as bytes, and the same parsed. */
export interface ParsedBody {
  readonly bytes: Buffer;
  readonly value: unknown;
}

/**
 * The body that asks a stream of Chat Completions, or of legacy Completions, for its usage. Undefined if there
 * is nothing to ask: it is no stream, it asks already, or its `stream_options` are none, which the upstream
 * will say better.
 *
 * The bytes are patched rather than written anew: what the caller wrote, down to the digits of a number that
 * JavaScript can't hold, reaches the upstream.
 */
export function askForUsage({ bytes, value }: ParsedBody): ParsedBody | undefined {
  if (!isRecord(value) || value['stream'] !== true) return undefined;
  const options = value['stream_options'] ?? {};
  if (!isRecord(options) || options['include_usage'] === true) return undefined;
  const asking = { ...options, include_usage: true };
  return {
    bytes: withMember(bytes, 'stream_options', JSON.stringify(asking)),
    value: { ...value, stream_options: asking },
  };
}

/** `bytes` hold an object that has members already. */
function withMember(bytes: Buffer, key: string, json: string): Buffer {
  const scanner = createMemberScanner([key], { maxValueBytes: 0 });
  scanner.push(bytes);
  const member = scanner.end().get(key);
  const objectEnd = bytes.lastIndexOf('}');
  const [from, end, text] = member
    ? [member.valueStart, member.valueEnd, json]
    : [objectEnd, objectEnd, `,"${key}":${json}`];
  return Buffer.concat([bytes.subarray(0, from), Buffer.from(text), bytes.subarray(end)]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
