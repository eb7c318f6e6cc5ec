import { isRecord } from '../../openai/is-record.ts';
import { createMemberScanner } from '../../openai/json-members.ts';
import { createValueSkipper } from '../../openai/skip-json-value.ts';

/** An object of a file, and where it begins there; `value` is undefined where the text is no JSON. */
export interface Entry {
  /** The first is 1. */
  readonly line: number;
  readonly value: unknown;
}

/**
 * The objects of a file: of a JSON array, of a page of an API list, a single one, or one on each line. What is no
 * JSON spoils its line alone where each line is an object, and else the file.
 */
export function readEntries(bytes: Buffer): Entry[] {
  const whole = parse(bytes);
  if (whole === undefined) return readLines(bytes);
  if (Array.isArray(whole)) return whole.map(entriesAt(bytes, firstOf(bytes, 0)));
  if (isListPage(whole)) {
    const from = createMemberScanner(['data']);
    from.push(bytes);
    return whole.data.map(entriesAt(bytes, from.end().get('data')?.valueStart ?? 0));
  }
  return [{ line: lineAt(bytes, firstOf(bytes, 0)), value: whole }];
}

/** A page of a list, as the API answers it. */
export function isListPage(value: unknown): value is { readonly data: readonly unknown[] } {
  return isRecord(value) && value['object'] === 'list' && Array.isArray(value['data']);
}

function readLines(bytes: Buffer): Entry[] {
  const entries: Entry[] = [];
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf('\n', from);
    const text = bytes.subarray(from, end === -1 ? bytes.length : end);
    from += text.length + 1;
    if (firstOf(text, 0) < text.length) entries.push({ line, value: parse(text) });
  }
  const isOneEach = entries.slice(0, 2).some(({ value }) => isRecord(value));
  return isOneEach
    ? entries
    : entries.slice(0, 1).map(({ line: first }) => ({ line: first, value: undefined }));
}

/** Makes entries of the elements of an array, asked for in their order, that begins at this offset. */
function entriesAt(bytes: Buffer, arrayStart: number): (value: unknown) => Entry {
  const skipper = createValueSkipper();
  let at = firstOf(bytes, arrayStart + 1);
  let line = lineAt(bytes, at);
  return (value) => {
    const entry = { line, value };
    skipper.begin(bytes[at]!);
    const comma = bytes.indexOf(',', skipper.skip(bytes, at + 1));
    const next = comma === -1 ? bytes.length : firstOf(bytes, comma + 1);
    line += lineAt(bytes.subarray(at, next), next - at) - 1;
    at = next;
    return entry;
  };
}

/** Where the first byte is that is no white space. */
function firstOf(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at]! <= 0x20) at++;
  return at;
}

function lineAt(bytes: Buffer, offset: number): number {
  let line = 1;
  for (let at = bytes.indexOf('\n'); at !== -1 && at < offset; at = bytes.indexOf('\n', at + 1)) line++;
  return line;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
