import { fail, inWords, shorten } from './fail.ts';
import type { ParamNode } from './param-node.ts';

export function checkText(node: ParamNode, value: string, path: string): void {
  const supported = node.const === undefined ? node.enum : [node.const];
  if (supported && !supported.includes(value)) {
    const names = supported.map((name) => `'${name}'`);
    fail(
      'invalid_value',
      path,
      () => `Invalid value: '${shorten(value)}'. Supported values are: ${inWords(names, 'and')}.`,
    );
  }
  const { maxLength = Number.POSITIVE_INFINITY, pattern } = node;
  // Characters, as OpenAI counts them; there are never more of them than code units.
  const length = value.length > maxLength ? [...value].length : value.length;
  if (length > maxLength) {
    fail(
      'string_above_max_length',
      path,
      (named) =>
        `Invalid ${named}: string too long. Expected a string with maximum length ${maxLength}, but got a string ` +
        `with length ${length} instead.`,
    );
  }
  if (pattern !== undefined && !new RegExp(pattern).test(value)) {
    fail(
      'invalid_value',
      path,
      (named) =>
        `Invalid ${named}: string does not match pattern. Expected a string that matches the pattern '${pattern}'.`,
    );
  }
}

export function checkNumber(node: ParamNode, value: number, path: string): void {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = node;
  const isInteger = node.type === 'integer';
  const kind = isInteger ? 'integer' : 'decimal';
  if (value < minimum) {
    fail(
      isInteger ? 'integer_below_min_value' : 'decimal_below_min_value',
      path,
      (named) =>
        `Invalid ${named}: ${kind} below minimum value. Expected a value >= ${minimum}, but got ${value} instead.`,
    );
  }
  if (value > maximum) {
    fail(
      isInteger ? 'integer_above_max_value' : 'decimal_above_max_value',
      path,
      (named) =>
        `Invalid ${named}: ${kind} above maximum value. Expected a value <= ${maximum}, but got ${value} instead.`,
    );
  }
}
