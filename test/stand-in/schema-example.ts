/** The smallest sensible value that a JSON schema accepts; `text` fills its strings. */
export function exampleOf(schema: unknown, text: string): unknown {
  return example(schema, text, schema, 0);
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: unknown[];
  oneOf?: unknown[];
  allOf?: unknown[];
  properties?: Record<string, unknown>;
  required?: string[];
  items?: unknown;
  minItems?: number;
  minimum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  $defs?: Record<string, unknown>;
  definitions?: Record<string, unknown>;
}

function example(node: unknown, text: string, root: unknown, depth: number): unknown {
  const schema: Schema = typeof node === 'object' && node !== null ? node : {};
  if (schema.$ref) return depth > 8 ? null : example(resolve(root, schema.$ref), text, root, depth + 1);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const branch = schema.anyOf?.[0] ?? schema.oneOf?.[0];
  if (branch !== undefined) return example(branch, text, root, depth + 1);
  if (schema.allOf) {
    const parts = schema.allOf.map((part) => example(part, text, root, depth + 1));
    return Object.assign({}, ...parts);
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type ?? (schema.properties ? 'object' : 'string')) {
    case 'object': {
      // Below some depth only what is required, so that recursive schemas come to an end.
      const names = Object.keys(schema.properties ?? {}).filter(
        (name) => depth < 4 || schema.required?.includes(name),
      );
      return Object.fromEntries(
        names.map((name) => [name, example(schema.properties?.[name], text, root, depth + 1)]),
      );
    }
    case 'array': {
      const length = Math.max(schema.minItems ?? 0, depth < 4 ? 1 : 0);
      return Array.from({ length }, () => example(schema.items, text, root, depth + 1));
    }
    case 'number':
    case 'integer':
      return schema.minimum ?? 7;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return text.slice(0, schema.maxLength).padEnd(schema.minLength ?? 0, '.');
  }
}

function resolve(root: unknown, reference: string): unknown {
  let node: unknown = root;
  for (const name of reference.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    node = typeof node === 'object' && node !== null ? Reflect.get(node, name) : undefined;
  }
  return node;
}
