import { formOf, type SchemaNode } from './schema-node.ts';

/** One key of the configuration, as the README and the environment know it. */
export interface KeyDescription {
  /** `upstream.baseUrl`; `[]` stands for each item of a list, `*` for each key of a free mapping. */
  readonly path: string;
  /** For people: `integer, 0 to 65535`, or the words that may be chosen from. */
  readonly type: string;
  readonly default: unknown;
  /** Whether it must be written, given what is around it. */
  readonly required: boolean;
  /** The environment variable that sets it; lists, mappings and what is in them have none. */
  readonly env?: string;
  readonly description: string;
  readonly secret: boolean;
}

/** All keys below a section, in the order of the schema. */
export function describeKeys(schema: SchemaNode, parent = ''): KeyDescription[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const path = parent === '' ? key : `${parent}.${key}`;
    if (child.properties) return describeKeys(child, path);
    const required = child.default === undefined && (schema.required?.includes(key) ?? false);
    return [describeKey(child, path, required), ...describeItems(child, path)];
  });
}

/** `upstream.baseUrl` is set by `ASSISTANT_PROXY_UPSTREAM_BASE_URL`. */
export function environmentName(path: string): string {
  const words = path.replaceAll('.', '_').replace(/([a-z0-9])([A-Z])/g, '$1_$2');
  return `ASSISTANT_PROXY_${words.toUpperCase()}`;
}

function describeItems(schema: SchemaNode, path: string): KeyDescription[] {
  const { items, patternProperties = {} } = formOf(schema, []);
  const inList = items ? describeKeys(items, `${path}[]`) : [];
  const inMapping = Object.values(patternProperties).flatMap((child) => describeKeys(child, `${path}.*`));
  return [...inList, ...inMapping];
}

function describeKey(schema: SchemaNode, path: string, required: boolean): KeyDescription {
  const hasRows = formOf(schema, []).items?.properties !== undefined;
  const isScalar = schema.type !== 'array' && schema.type !== 'object' && !hasRows;
  const isOneOfMany = path.includes('[]') || path.includes('.*');
  return {
    path,
    type: describeType(schema),
    default: schema.default,
    required,
    ...(isScalar && !isOneOfMany ? { env: environmentName(path) } : {}),
    description: schema.description ?? '',
    secret: schema.writeOnly ?? false,
  };
}

function describeType(schema: SchemaNode): string {
  if (schema.enum) return schema.enum.join(', ');
  if (schema.anyOf) return schema.anyOf.map(describeType).join(' or ');
  if (schema.type === 'array') return 'list';
  if (schema.type === 'object') return 'mapping';
  if (schema.type !== 'integer' && schema.type !== 'number') return schema.type ?? 'any';
  const { type, minimum, exclusiveMinimum, maximum = Infinity } = schema;
  if (exclusiveMinimum !== undefined) return `${type}, more than ${exclusiveMinimum}`;
  if (minimum === undefined) return type;
  return maximum < Number.MAX_SAFE_INTEGER
    ? `${type}, ${minimum} to ${maximum}`
    : `${type}, ${minimum} or more`;
}
