import type { RequestBody } from '../exchange.ts';

/**
 * A text that a JSON body holds directly below its root: empty if it isn't there, is no text, or the body was
 * not read. Only own members count: `constructor` is not what a caller sent.
 */
export function bodyText(body: RequestBody, key: string): string {
  return body.kind === 'json' ? textMember(body.value, key) : '';
}

/** The same for a member of the body's `metadata`. */
export function metadataText(body: RequestBody, key: string): string {
  return body.kind === 'json' ? textMember(ownMember(body.value, 'metadata'), key) : '';
}

function textMember(value: unknown, key: string): string {
  const member = ownMember(value, key);
  return typeof member === 'string' ? member : '';
}

function ownMember(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}
