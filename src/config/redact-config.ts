import { stringify } from 'yaml';

import { isMapping, type SchemaNode, schemaOfKey } from './schema-node.ts';
import { type Config, configSchema } from './schema.ts';

/** The configuration with `***` in place of its secrets, and of credentials in URLs. What is empty stays empty. */
export function redactConfig(config: Config): Config {
  return redact(configSchema, config) as Config;
}

/** The configuration in effect as YAML, with its secrets hidden. */
export function showConfig(config: Config): string {
  return stringify(redactConfig(config));
}

function redact(schema: SchemaNode | undefined, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => redact(schema?.items, item));
  if (isMapping(value)) {
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, child]) => [key, redact(schema && schemaOfKey(schema, key), child)]),
    );
  }
  if (schema?.writeOnly && value !== '') return '***';
  return typeof value === 'string' ? value.replace(/(?<=:\/\/).*@/s, '***@') : value;
}
