import { operations, unknownOperation } from './operations.ts';
import type { Operation } from './operations.ts';

export interface Match {
  readonly operation: Operation;
  /** Below the prefix and the deployment, undecoded, no trailing slash: `/chat/completions`. */
  readonly path: string;
  /** Undecoded, from an Azure-style path. */
  readonly deployment?: string;
}

/**
 * Finds the operation that a caller's path names: below `/v1`, `/openai/v1` or `/openai`, and there also below
 * `/deployments/{deployment}`, as Azure's clients ask for.
 *
 * `pathname` is undecoded and without its query. Undefined if it is outside these prefixes, or if two readers
 * could disagree on what it names: dot segments, empty segments, backslashes, encoded slashes, control and
 * non-ASCII characters, escapes that are no UTF-8. Paths are case-sensitive. Literal segments win over
 * parameters, the leftmost first, and are compared decoded (RFC 3986, 6.2.2.2), so that no spelling slips past
 * the rules of an operation. For the same reason one trailing slash is dropped, in `path` too.
 */
export function matchOperation(method: string, pathname: string): Match | undefined {
  const prefix = prefixes.find((candidate) => pathname.startsWith(candidate));
  if (prefix === undefined || !plainPath.test(pathname)) return undefined;
  const path = pathname.slice(prefix.length - 1, pathname.endsWith('/') ? -1 : undefined);
  const decoded = path.includes('%') ? decodePath(path) : path;
  if (!decoded || ambiguousSegment.test(decoded)) return undefined;

  if (!decoded.startsWith('/deployments/')) return { operation: operationAt(method, decoded), path };
  const nameAt = path.indexOf('/', 1) + 1;
  const nameEnd = path.indexOf('/', nameAt);
  if (nameEnd === -1) return { operation: unknownOperation, path };
  const operation = operationAt(method, decoded.slice(decoded.indexOf('/', '/deployments/'.length)));
  return { operation, path: path.slice(nameEnd), deployment: path.slice(nameAt, nameEnd) };
}

const prefixes = ['/v1/', '/openai/v1/', '/openai/'];

/** Visible ASCII that is neither a backslash nor the start of a query or a fragment. */
const plainPath = /^[!"$->@-[\]-~]+$/;

/** A segment that is empty, `.` or `..`. */
const ambiguousSegment = /\/\.{0,2}(?:\/|$)/;

/** Undefined if it holds what only an escape can bring in, or is no escaped UTF-8. */
function decodePath(path: string): string | undefined {
  if (/%2f/i.test(path)) return undefined;
  try {
    const decoded = decodeURIComponent(path);
    return /[\\\p{Cc}]/u.test(decoded) ? undefined : decoded;
  } catch {
    return undefined;
  }
}

interface Node {
  readonly literals: Map<string, Node>;
  parameter?: Node;
  operation?: Operation;
}

/** A tree of segments for each method. */
const roots = new Map<string, Node>();
for (const operation of operations) {
  let node = childOf(roots, operation.method);
  for (const segment of operation.path.split('/').slice(1)) {
    const isParameter = segment.startsWith('{');
    node = isParameter ? (node.parameter ??= { literals: new Map() }) : childOf(node.literals, segment);
  }
  node.operation = operation;
}

function childOf(children: Map<string, Node>, key: string): Node {
  const child = children.get(key) ?? { literals: new Map() };
  children.set(key, child);
  return child;
}

function operationAt(method: string, path: string): Operation {
  const root = roots.get(method);
  return (root && find(root, path, 0)) ?? unknownOperation;
}

/**
 * `slash` is where the next segment begins. Tries the parameter only where the literal led nowhere; the table,
 * not the caller, bounds the attempts.
 */
function find(node: Node, path: string, slash: number): Operation | undefined {
  if (slash === path.length) return node.operation;
  const next = path.indexOf('/', slash + 1);
  const end = next === -1 ? path.length : next;
  const literal = node.literals.get(path.slice(slash + 1, end));
  const found = literal && find(literal, path, end);
  if (found) return found;
  return node.parameter && find(node.parameter, path, end);
}
