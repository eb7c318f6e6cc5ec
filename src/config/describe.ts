import type { SchemaNode } from './schema-node.ts';

/** One key of the configuration, as the README and the environment know it. */
export interface KeyDescription {
  /** `upstream.baseUrl` */
  readonly path: string;
  /** For people: `integer, 0 to 65535`, or the words that may be chosen from. */
  readonly type: string;
  readonly default: unknown;
  /** The environment variable that sets it; lists and mappings have none. */
  readonly env?: string;
  readonly description: string;
  readonly secret: boolean;
}

/** All keys below a section, in the order of the schema. */
export function describeKeys(schema: SchemaNode, parent = ''): KeyDescription[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const path = parent === '' ? key : `${parent}.${key}`;
    return child.properties ? describeKeys(child, path) : [describeKey(child, path)];
  });
}

/** `upstream.baseUrl` is set by `ASSISTANT_PROXY_UPSTREAM_BASE_URL`. */
export function environmentName(path: string): string {
  const words = path.replaceAll('.', '_').replace(/([a-z0-9])([A-Z])/g, '$1_$2');
  return `ASSISTANT_PROXY_${words.toUpperCase()}`;
}

function describeKey(schema: SchemaNode, path: string): KeyDescription {
  const isScalar = schema.type !== 'array' && schema.type !== 'object';
  return {
    path,
    type: describeType(schema),
    default: schema.default,
    ...(isScalar ? { env: environmentName(path) } : {}),
    description: schema.description ?? '',
    secret: schema.writeOnly ?? false,
  };
}

function describeType(schema: SchemaNode): string {
  if (schema.enum) return schema.enum.join(', ');
  if (schema.type === 'array') return 'list';
  if (schema.type === 'object') return 'mapping';
  if (schema.type !== 'integer' && schema.type !== 'number') return schema.type ?? 'any';
  const { type, minimum, maximum = Infinity } = schema;
  if (minimum === undefined) return type;
  return maximum < Number.MAX_SAFE_INTEGER
    ? `${type}, ${minimum} to ${maximum}`
    : `${type}, ${minimum} or more`;
}
