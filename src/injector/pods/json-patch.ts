import { isNestedDeeper } from './nesting.ts';

/** An operation of RFC 6902. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'copy' | 'move'; readonly from: string; readonly path: string };

/** A container has fewer levels by far. */
const maxLevels = 40;

/** A text says what is wrong. */
export function parsePatch(text: string): PatchOperation[] | string {
  let operations: unknown;
  try {
    operations = JSON.parse(text);
  } catch {
    return 'is no JSON';
  }
  if (!Array.isArray(operations)) return 'must be a list of operations';
  if (isNestedDeeper(operations, maxLevels)) return `must not be nested deeper than ${maxLevels} levels`;
  const wrong = operations.findIndex((operation) => !isOperation(operation));
  if (wrong === -1) return operations as PatchOperation[];
  return `has in place ${wrong} no operation of RFC 6902: op, path that starts with a slash, value or from`;
}

/** One name of a path, as RFC 6901 writes it. */
export function escapeToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isOperation(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { op, path, from } = value as Readonly<Record<string, unknown>>;
  // An empty path is the whole container.
  if (!isPath(path)) return false;
  if (op === 'remove') return true;
  if (op === 'copy' || op === 'move') return isPath(from);
  return (op === 'add' || op === 'replace' || op === 'test') && 'value' in value;
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('/');
}
