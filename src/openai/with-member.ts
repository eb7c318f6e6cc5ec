import { openBrace, space } from './ascii.ts';
import { createMemberScanner } from './json-members.ts';

/** A JSON body as bytes, and the same parsed. */
export interface ParsedBody {
  readonly bytes: Buffer;
  readonly value: unknown;
}

/**
 * A JSON object's bytes with a top-level member set. They are patched rather than written anew: what the caller
 * wrote, down to the digits of a number that JavaScript can't hold, reaches the upstream.
 */
export function withMember(bytes: Buffer, key: string, json: string): Buffer {
  const scanner = createMemberScanner([key], { maxValueBytes: 0 });
  scanner.push(bytes);
  const member = scanner.end().get(key);
  const objectEnd = bytes.lastIndexOf('}');
  const [from, end, text] = member
    ? [member.valueStart, member.valueEnd, json]
    : [objectEnd, objectEnd, `${hasMembers(bytes, objectEnd) ? ',' : ''}"${key}":${json}`];
  return Buffer.concat([bytes.subarray(0, from), Buffer.from(text), bytes.subarray(end)]);
}

function hasMembers(bytes: Buffer, objectEnd: number): boolean {
  let at = objectEnd - 1;
  while (bytes[at]! <= space) at -= 1;
  return bytes[at] !== openBrace;
}
