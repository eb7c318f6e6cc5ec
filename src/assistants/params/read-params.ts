import type Type from 'typebox';

import { isRecord } from '../../openai/is-record.ts';
import { checkNumber, checkText } from './check-value.ts';
import { describeForms, describeValue } from './describe-types.ts';
import { fail, shorten } from './fail.ts';
import { isOfType, type ParamNode, takesNull } from './param-node.ts';

/**
 * Reads the JSON body of a request by its schema; no body counts as an empty object. A parameter that is null
 * counts as left out, unless its schema takes null itself. Throws what OpenAI's API answers:
 * a `ProxyError` with the path of the parameter, such as `tools[0].function.name`.
 */
export function readParams<const Schema extends Type.TSchema>(
  schema: Schema,
  body: unknown,
): Type.Static<Schema> {
  return readValue(schema, body === undefined ? {} : body, '') as Type.Static<Schema>;
}

function readValue(node: ParamNode, value: unknown, path: string): unknown {
  if (node.anyOf) return readValue(formOf(node, value, path), value, path);
  if (node.type === undefined && !node.enum) return checkDepth(value, path);
  if (!isOfType(node, value)) failType([node], value, path);
  if (typeof value === 'string') checkText(node, value, path);
  else if (typeof value === 'number') checkNumber(node, value, path);
  else if (Array.isArray(value)) return readList(node, value, path);
  else if (isRecord(value)) return readObject(node, value, path);
  return value;
}

/** Of several forms the one that a value has; objects of different kinds are told apart by their `type`. */
function formOf({ anyOf = [] }: ParamNode, value: unknown, path: string): ParamNode {
  const forms = anyOf.flatMap((form) => form.anyOf ?? [form]);
  const fitting = forms.filter((form) => isOfType(form, value));
  if (fitting.length === 0) failType(forms, value, path);
  if (fitting.length === 1 || !isRecord(value)) return fitting[0]!;
  const kinds = fitting.map((form) => form.properties!['type']!);
  const typePath = pathOf(path, 'type');
  if (!Object.hasOwn(value, 'type')) failMissing(typePath);
  readValue({ enum: kinds.map((kind) => kind.const) }, value['type'], typePath);
  return fitting[kinds.findIndex((kind) => kind.const === value['type'])]!;
}

function readObject(node: ParamNode, value: Readonly<Record<string, unknown>>, path: string): object {
  if (node.patternProperties) return readMapping(node, value, path);
  const { properties = {}, required = [] } = node;
  for (const name of required) {
    if (!Object.hasOwn(value, name) || value[name] === null) failMissing(pathOf(path, name));
  }
  const read: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    const itemPath = pathOf(path, name);
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!property) fail('unknown_parameter', itemPath, (named) => `Unknown parameter: ${named}.`);
    if (item !== null || takesNull(property)) read[name] = readValue(property, item, itemPath);
  }
  return read;
}

function readMapping(node: ParamNode, value: Readonly<Record<string, unknown>>, path: string): object {
  const names = Object.keys(value);
  const { maxProperties = Number.POSITIVE_INFINITY, propertyNames } = node;
  if (names.length > maxProperties) {
    fail(
      'object_above_max_properties',
      path,
      (named) =>
        `Invalid ${named}: too many properties. Expected an object with at most ${maxProperties} properties, but got ` +
        `an object with ${names.length} properties instead.`,
    );
  }
  const item = Object.values(node.patternProperties ?? {})[0]!;
  for (const name of names) {
    if (propertyNames) checkText(propertyNames, name, pathOf(path, name));
    readValue(item, value[name], pathOf(path, name));
  }
  return value;
}

function readList(node: ParamNode, value: readonly unknown[], path: string): unknown[] {
  const { items = {}, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = node;
  if (value.length < minItems) {
    fail(
      'invalid_value',
      path,
      (named) =>
        `Invalid ${named}: empty array. Expected an array with minimum length ${minItems}, but got an empty array instead.`,
    );
  }
  if (value.length > maxItems) {
    fail(
      'array_above_max_length',
      path,
      (named) =>
        `Invalid ${named}: array too long. Expected an array with maximum length ${maxItems}, but got an array with ` +
        `length ${value.length} instead.`,
    );
  }
  return value.map((item, index) => readValue(items, item, `${path}[${index}]`));
}

/** Nothing else is asked of a free value; but one that is nested too deeply could not be written out again. */
function checkDepth(value: unknown, path: string): unknown {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) {
      fail(
        'invalid_value',
        path,
        (named) => `Invalid ${named}: nested too deeply. Expected at most ${maxDepth} levels.`,
      );
    }
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return value;
}

const maxDepth = 256;

function failMissing(path: string): never {
  fail('missing_required_parameter', path, (named) => `Missing required parameter: ${named}.`);
}

function failType(forms: readonly ParamNode[], value: unknown, path: string): never {
  fail(
    'invalid_type',
    path,
    (named) =>
      `Invalid type for ${named}: expected ${describeForms(forms)}, but got ${describeValue(value)} instead.`,
  );
}

function pathOf(parent: string, name: string): string {
  const shortened = shorten(name);
  return parent === '' ? shortened : `${parent}.${shortened}`;
}
