import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { matchOperation } from '../../src/openai/match-operation.ts';
import type { Match } from '../../src/openai/match-operation.ts';
import { operations, unknownOperation } from '../../src/openai/operations.ts';
import type { Operation } from '../../src/openai/operations.ts';

const method = fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'HEAD', 'get');
const literals = [...new Set(operations.flatMap(({ path }) => path.split('/').slice(1)))];
const segment = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...literals) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('id_1', 'runs', 'deployments', 'v1', 'openai', 'ft%3Agpt', '~x;y=1'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '.', '..', '%2e', '.%2E', '%2f', '%5C', '\\', '%00', '%', '%4', 'é'),
  },
  {
    weight: 1,
    arbitrary: fc.string({ maxLength: 5, unit: fc.constantFrom(...'%2eEfF5cC.a/?# \n\u007f\u00ff') }),
  },
);
const prefix = fc.constantFrom(
  '/v1/',
  '/v1/',
  '/openai/',
  '/openai/v1/',
  '/openai/deployments/gpt/',
  '/',
  '',
);
const pathname = fc
  .tuple(prefix, fc.array(segment, { maxLength: 6 }), fc.constantFrom('', '', '/'))
  .map(([start, segments, end]) => start + segments.join('/') + end);

test('any path built of the table and of tricks matches as the slow reference says', () => {
  fc.assert(fc.property(method, pathname, agrees), { numRuns: 50_000 });
});

test("a table's path matches as the slow reference says, however it is bent", () => {
  const bent = fc
    .tuple(
      prefix,
      fc.constantFrom(...operations),
      fc.array(
        fc.tuple(fc.nat({ max: 60 }), fc.constantFrom('escape', 'drop', 'double', '/', '.', '%', 'x')),
        {
          maxLength: 3,
        },
      ),
    )
    .map(([start, { path }, bends]) => {
      const whole = start + path.slice(1).replaceAll(/\{\w+\}/g, 'id_1');
      return bends.reduce((text, [at, how]) => bend(text, at % text.length, how), whole);
    });
  fc.assert(fc.property(method, bent, agrees), { numRuns: 50_000 });
});

test('any text at all is answered as the slow reference says', () => {
  fc.assert(fc.property(method, fc.string({ unit: 'binary', maxLength: 40 }), agrees), { numRuns: 10_000 });
});

function bend(text: string, at: number, how: string): string {
  const character = text[at] ?? '';
  const replacement =
    how === 'escape'
      ? `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`
      : how === 'drop'
        ? ''
        : how === 'double'
          ? character + character
          : how;
  return text.slice(0, at) + replacement + text.slice(at + 1);
}

function agrees(withMethod: string, path: string): void {
  assert.deepEqual(matchOperation(withMethod, path), referenceMatch(withMethod, path));
}

/** Slow and plain: one character, one segment and one row after the other. */
function referenceMatch(withMethod: string, path: string): Match | undefined {
  const prefixes = ['/openai/v1/', '/openai/', '/v1/'];
  const found = prefixes.find((candidate) => path.startsWith(candidate));
  if (!found || [...path].some((one) => one <= ' ' || one > '~' || '?#\\'.includes(one))) return undefined;
  const raw = path.slice(found.length).replace(/\/$/, '').split('/');
  const segments: string[] = [];
  for (const one of raw) {
    const decoded = referenceDecode(one);
    if (decoded === undefined || ['', '.', '..'].includes(decoded)) return undefined;
    segments.push(decoded);
  }
  const isDeployment = segments[0] === 'deployments' && segments.length > 2;
  const skipped = isDeployment ? 2 : 0;
  const match = {
    operation: referenceFind(withMethod, segments.slice(skipped)),
    path: `/${raw.slice(skipped).join('/')}`,
  };
  return isDeployment ? { ...match, deployment: raw[1] ?? '' } : match;
}

function referenceDecode(encoded: string): string | undefined {
  const bytes: number[] = [];
  for (let index = 0; index < encoded.length; index += 1) {
    if (encoded[index] !== '%') {
      bytes.push(encoded.charCodeAt(index));
      continue;
    }
    const digits = encoded.slice(index + 1, index + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(digits)) return undefined;
    bytes.push(Number.parseInt(digits, 16));
    index += 2;
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
    return [...text].some(isForbidden) ? undefined : text;
  } catch {
    return undefined;
  }
}

function isForbidden(one: string): boolean {
  return '/\\'.includes(one) || one < ' ' || (one >= '\u007f' && one < '\u00a0');
}

/** Of the rows that match, the one whose first difference is a literal. */
function referenceFind(withMethod: string, segments: readonly string[]): Operation {
  const matching = operations.filter((row) => {
    const expected = row.path.split('/').slice(1);
    return (
      row.method === withMethod &&
      expected.length === segments.length &&
      expected.every((one, index) => one.startsWith('{') || one === segments[index])
    );
  });
  matching.sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
  return matching[0] ?? unknownOperation;
}

function rank({ path }: Operation): string {
  return path.replaceAll(/\{\w+\}/g, '~');
}
