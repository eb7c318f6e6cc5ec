import { inWords } from './fail.ts';
import type { ParamNode } from './param-node.ts';

/** `a string`, `an array of objects`, `one of a string or array of objects`. */
export function describeForms(forms: readonly ParamNode[]): string {
  const names = [...new Set(forms.map(nameOf).filter((name) => name !== 'null'))];
  const [first = 'null', ...rest] = names;
  return rest.length === 0 ? withArticle(first) : `one of ${inWords([withArticle(first), ...rest], 'or')}`;
}

/** What a value is, without the value. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'number') return withArticle(typeof value);
  return Number.isInteger(value) ? 'an integer' : 'a decimal';
}

function nameOf({ type = 'string', items }: ParamNode): string {
  if (type === 'number') return 'decimal';
  if (type !== 'array' || !items) return type;
  const kinds = (items.anyOf ?? [items]).map(({ type: kind = 'string' }) => `${kind}s`);
  return `array of ${[...new Set(kinds)].join(' or ')}`;
}

function withArticle(name: string): string {
  return `${/^[aio]/.test(name) ? 'an' : 'a'} ${name}`;
}
