/** What the walks over the configuration schema read of it. TypeBox schemas are JSON Schema, and so fit. */
export interface SchemaNode {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[] | undefined;
  readonly items?: SchemaNode;
  /** Two forms: one value, or a list of such. */
  readonly anyOf?: readonly SchemaNode[];
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly default?: unknown;
  readonly description?: string;
  /** Marks a secret. */
  readonly writeOnly?: boolean;
}

/** The schema of a key of a mapping, be its keys fixed or free; undefined if it may not have that key. */
export function schemaOfKey(schema: SchemaNode, key: string): SchemaNode | undefined {
  if (schema.properties) return Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
  return Object.values(schema.patternProperties ?? {})[0];
}

/** Of the forms that a key may take, the one that a value is written in: a list is one, anything else the other. */
export function formOf(schema: SchemaNode, value: unknown): SchemaNode {
  const isList = Array.isArray(value);
  return schema.anyOf?.find(({ type }) => (type === 'array') === isList) ?? schema;
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
