import { ApiError, missing } from '../api-error.ts';

/** What a value must be. Null counts as left out. */
export type Rule = { required?: boolean } & (
  | { is: 'anything' }
  | { is: 'string'; maxLength?: number; oneOf?: readonly string[] }
  | { is: 'integer' | 'decimal'; min?: number; max?: number }
  | { is: 'list'; items: Rule; maxLength?: number }
  | { is: 'object'; members: Record<string, Rule> }
  | { is: 'mapping'; maxPairs: number; maxKeyLength: number; maxValueLength: number }
);

export const anything: Rule = { is: 'anything' };
export const text = (maxLength = Number.POSITIVE_INFINITY): Rule => ({ is: 'string', maxLength });
export const oneOf = (...names: string[]): Rule => ({ is: 'string', oneOf: names });
export const integer = (min?: number, max?: number): Rule => ({ is: 'integer', ...range(min, max) });
export const number = (min?: number, max?: number): Rule => ({ is: 'decimal', ...range(min, max) });
export const object = (members: Record<string, Rule>): Rule => ({ is: 'object', members });
export const list = (items: Rule, maxLength = Number.POSITIVE_INFINITY): Rule => ({
  is: 'list',
  items,
  maxLength,
});
export const mapping = (maxPairs: number, maxKeyLength: number, maxValueLength: number): Rule => ({
  is: 'mapping',
  maxPairs,
  maxKeyLength,
  maxValueLength,
});

/** Throws the error in OpenAI's words; `path` names the value in them: `tools[0].function.name`. */
export function checkValue(rule: Rule, value: unknown, path = ''): void {
  if (value === null || value === undefined || rule.is === 'anything') return;
  switch (rule.is) {
    case 'string':
      return checkText(rule, value, path);
    case 'integer':
    case 'decimal':
      return checkNumber(rule, value, path);
    case 'list':
      if (!Array.isArray(value)) throw wrongType(path, 'an array', value);
      if (value.length > (rule.maxLength ?? value.length))
        throw tooLong(path, 'array', rule.maxLength, value);
      return value.forEach((item, index) => checkValue(rule.items, item, `${path}[${index}]`));
    case 'mapping':
      return checkMapping(rule, value, path);
    case 'object':
      return checkMembers(rule, value, path);
  }
}

function checkMembers(rule: Extract<Rule, { is: 'object' }>, value: unknown, path: string): void {
  if (!isObject(value)) throw wrongType(path, 'an object', value);
  const at = (name: string) => (path === '' ? name : `${path}.${name}`);
  for (const [name, { required }] of Object.entries(rule.members)) {
    if (required && (value[name] === undefined || value[name] === null)) throw missing(at(name));
  }
  for (const [name, member] of Object.entries(value)) {
    const known = Object.hasOwn(rule.members, name) ? rule.members[name] : undefined;
    if (!known) throw refusal(`Unknown parameter: '${at(name)}'.`, at(name), 'unknown_parameter');
    checkValue(known, member, at(name));
  }
}

function checkMapping(rule: Extract<Rule, { is: 'mapping' }>, value: unknown, path: string): void {
  if (!isObject(value)) throw wrongType(path, 'an object', value);
  const pairs = Object.entries(value);
  if (pairs.length > rule.maxPairs) {
    throw refusal(
      `Invalid '${path}': too many properties. Expected an object with at most ${rule.maxPairs} properties, but ` +
        `got an object with ${pairs.length} properties instead.`,
      path,
      'object_above_max_properties',
    );
  }
  for (const [key, item] of pairs) {
    checkText({ is: 'string', maxLength: rule.maxKeyLength }, key, `${path}.${key}`);
    checkText({ is: 'string', maxLength: rule.maxValueLength }, item, `${path}.${key}`);
  }
}

function checkText(rule: Extract<Rule, { is: 'string' }>, value: unknown, path: string): void {
  if (typeof value !== 'string') throw wrongType(path, 'a string', value);
  if (rule.oneOf && !rule.oneOf.includes(value)) {
    const names = rule.oneOf.map((name) => `'${name}'`);
    const supported =
      names.length === 2 ? names.join(' and ') : `${names.slice(0, -1).join(', ')}, and ${names.at(-1)}`;
    throw refusal(`Invalid value: '${value}'. Supported values are: ${supported}.`, path, 'invalid_value');
  }
  if (value.length > (rule.maxLength ?? value.length)) throw tooLong(path, 'string', rule.maxLength, value);
}

type NumberRule = Extract<Rule, { is: 'integer' | 'decimal' }>;

function checkNumber(rule: NumberRule, value: unknown, path: string): void {
  const isWrong = typeof value !== 'number' || (rule.is === 'integer' && !Number.isInteger(value));
  if (isWrong) throw wrongType(path, rule.is === 'integer' ? 'an integer' : 'a decimal', value);
  const beyond = (side: string, sign: string, bound: number) =>
    refusal(
      `Invalid '${path}': ${rule.is} ${side} value. Expected a value ${sign} ${bound}, but got ${value} instead.`,
      path,
      `${rule.is}_${side === 'below minimum' ? 'below_min' : 'above_max'}_value`,
    );
  if (rule.min !== undefined && value < rule.min) throw beyond('below minimum', '>=', rule.min);
  if (rule.max !== undefined && value > rule.max) throw beyond('above maximum', '<=', rule.max);
}

function tooLong(
  path: string,
  kind: 'array' | 'string',
  maxLength: number | undefined,
  { length }: { length: number },
) {
  const a = kind === 'array' ? 'an array' : 'a string';
  return refusal(
    `Invalid '${path}': ${kind} too long. Expected ${a} with maximum length ${maxLength}, but got ${a} with ` +
      `length ${length} instead.`,
    path,
    `${kind}_above_max_length`,
  );
}

function wrongType(path: string, expected: string, value: unknown): ApiError {
  const got = nameOf(value);
  return refusal(
    `Invalid type for '${path}': expected ${expected}, but got ${got} instead.`,
    path,
    'invalid_type',
  );
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function refusal(message: string, param: string, code: string): ApiError {
  return new ApiError(400, message, { param, code });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function range(min: number | undefined, max: number | undefined): { min?: number; max?: number } {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}
