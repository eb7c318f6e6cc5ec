import { Value } from 'typebox/value';

import type { Problem } from './config-error.ts';
import type { Override } from './environment.ts';
import { type Environment, interpolate } from './interpolate.ts';
import { formOf, isMapping, type SchemaNode, schemaOfKey } from './schema-node.ts';
import { suggest } from './suggest.ts';

interface ResolveInputs {
  readonly env: Environment;
  /** What the environment says about keys, by path. */
  readonly overrides: ReadonlyMap<string, Override>;
  /** What messages call the file. */
  readonly fileName: string;
}

/** A value and where it is from. `origin` is shown; `kind` decides how the value is read. */
interface Given {
  readonly value: unknown;
  readonly kind: 'file' | 'environment' | 'default';
  readonly origin: string;
}

/**
 * Goes through schema and file together: for each key takes the environment's word, else the file's, else the
 * default; puts `${...}` in; turns text from the environment into what the schema asks for; checks. All
 * problems are collected. `unsetDefaults` are the keys left empty because their default names a variable that
 * isn't set: whether they were needed is not for this walk to say.
 */
export function resolve(schema: SchemaNode, written: unknown, inputs: ResolveInputs) {
  const problems: Problem[] = [];
  const unsetDefaults = new Set<string>();
  const root: Given = { value: written, kind: 'file', origin: `from ${inputs.fileName}` };
  return { value: resolveValue(schema, '', root), problems, unsetDefaults };

  function resolveValue(schemaOfValue: SchemaNode, path: string, given: Given): unknown {
    const node = formOf(schemaOfValue, given.value);
    const problemsBefore = problems.length;
    const value = readValue(node, path, given);
    // What has a problem inside is not checked again as a whole.
    if (problems.length > problemsBefore) return value;
    const errors = Value.Errors(node, value);
    if (errors.length > 0) refuse(path, errors.map((error) => explain(error)).join(', and '), given);
    return value;
  }

  function readValue(node: SchemaNode, path: string, given: Given): unknown {
    if (node.type === 'object') return readMapping(node, path, given);
    if (node.type === 'array') return readList(node, path, given);
    return readScalar(node, path, given);
  }

  function readMapping(node: SchemaNode, path: string, given: Given): unknown {
    let mapping: Readonly<Record<string, unknown>> = {};
    if (isMapping(given.value)) mapping = given.value;
    // A section whose keys are all commented out is null in YAML, an empty file undefined.
    else if (given.value !== null && given.value !== undefined) {
      refuse(path, 'must be a mapping', given);
    }
    const known = Object.keys(node.properties ?? {});
    const entries: [string, unknown][] = [];
    for (const key of new Set([...known, ...Object.keys(mapping)])) {
      const child = schemaOfKey(node, key);
      const childPath = path === '' ? printable(key) : `${path}.${printable(key)}`;
      if (child === undefined) {
        refuse(childPath, `is not a known key${suggest(printable(key), known)}`, given);
        continue;
      }
      const inFile = Object.hasOwn(mapping, key) ? { ...given, value: mapping[key] } : undefined;
      const childGiven = inEnvironment(childPath) ?? inFile ?? byDefault(child);
      if (childGiven) entries.push([key, resolveValue(child, childPath, childGiven)]);
      else if (node.required?.includes(key)) refuse(childPath, 'is required', given);
    }
    // Unlike an assignment, this makes a key `__proto__` a key like any other.
    return Object.fromEntries(entries);
  }

  function inEnvironment(path: string): Given | undefined {
    const override = inputs.overrides.get(path);
    return override && { value: override.text, kind: 'environment', origin: `from ${override.variable}` };
  }

  function readList(node: SchemaNode, path: string, given: Given): unknown {
    if (!Array.isArray(given.value)) return refuse(path, 'must be a list', given);
    return given.value.map((value: unknown, index) =>
      resolveValue(node.items ?? {}, `${path}[${index}]`, { ...given, value }),
    );
  }

  function readScalar(node: SchemaNode, path: string, given: Given): unknown {
    if (typeof given.value !== 'string') return given.value;
    if (given.kind === 'environment') return coerce(given.value, node);
    const { text, expanded, unset, malformed } = interpolate(given.value, inputs.env);
    if (malformed) return refuse(path, 'has a malformed ${...}; write $${ for a plain ${', given);
    if (unset.length > 0 && given.kind === 'default') {
      unsetDefaults.add(path);
      return '';
    }
    if (unset.length > 0) return refuse(path, `needs ${unset.join(', ')}, which is unset or empty`, given);
    return expanded ? coerce(text, node) : text;
  }

  function refuse(path: string, message: string, { origin: from }: Given): undefined {
    problems.push({ path: path || inputs.fileName, message: `${message} (${from})` });
  }
}

function byDefault({ default: value }: SchemaNode): Given | undefined {
  if (value === undefined) return undefined;
  return { value, kind: 'default', origin: `from its default, ${JSON.stringify(value)}` };
}

/** What can't be turned stays text, for the schema to refuse. */
function coerce(text: string, { type }: SchemaNode): unknown {
  const trimmed = text.trim();
  if (type === 'integer' && /^-?\d+$/.test(trimmed)) return Number(trimmed);
  if (type === 'number' && /^-?\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  if (type === 'boolean' && /^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === 'true';
  return text;
}

/** A key as messages show it. `{apiKey:sk-...}`, without the space, is YAML for a key with the secret in it. */
function printable(key: string): string {
  const start = /^[A-Za-z0-9_.*-]{0,64}/.exec(key)?.[0] ?? '';
  return start === key ? key : `${start}...`;
}

function explain({ keyword, params, message }: ReturnType<typeof Value.Errors>[number]): string {
  const details = { ...params } as Readonly<Record<string, unknown>>;
  if (keyword === 'type') return `must be ${nouns[String(details['type'])] ?? String(details['type'])}`;
  if (keyword === 'enum') return `must be one of ${(details['allowedValues'] as unknown[]).join(', ')}`;
  if (keyword === 'minimum') return `must be at least ${String(details['limit'])}`;
  if (keyword === 'maximum') return `must be at most ${String(details['limit'])}`;
  if (keyword === 'exclusiveMinimum') return `must be more than ${String(details['limit'])}`;
  if (keyword === 'uniqueItems') return 'must not name anything twice';
  if (keyword === 'minLength' || keyword === 'minItems') return 'must not be empty';
  return message;
}

const nouns: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  integer: 'an integer',
  number: 'a number',
  string: 'a string',
};
