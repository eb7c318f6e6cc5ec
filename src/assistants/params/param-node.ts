import { isRecord } from '../../openai/is-record.ts';

/** What is read of a schema. TypeBox schemas are JSON Schema, and so fit. */
export interface ParamNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly ParamNode[];
  readonly properties?: Readonly<Record<string, ParamNode>>;
  readonly required?: readonly string[] | undefined;
  readonly items?: ParamNode;
  /** Of a mapping with free keys: one pattern, which all keys match. */
  readonly patternProperties?: Readonly<Record<string, ParamNode>>;
  readonly propertyNames?: ParamNode;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly pattern?: string | RegExp;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
}

export function isOfType({ type, enum: supported }: ParamNode, value: unknown): boolean {
  if (supported) return typeof value === 'string';
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isRecord(value);
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}

export function takesNull({ type, anyOf = [] }: ParamNode): boolean {
  return type === 'null' || anyOf.some(takesNull);
}
