import type { SchemaNode } from '../../src/config/schema-node.ts';
import { configSchema } from '../../src/config/schema.ts';
import { chartValues, configurationName, injectorSectionName } from './chart-values.ts';

/**
 * The JSON Schema that Helm checks the chart's values with. `config` becomes the sidecar's configuration file,
 * and is as strict as the sidecar itself.
 */
export function valuesSchema(): string {
  const { properties: sections } = configSchema;
  // It has a place of its own among the values, and a sidecar reads none of it.
  const { injector, ...ofSidecars } = sections;
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the assistant-proxy chart',
    type: 'object',
    additionalProperties: false,
    properties: chartValues,
    definitions: {
      [configurationName]: writtenForm({
        ...configSchema,
        properties: ofSidecars,
        required: Object.keys(ofSidecars),
      }),
      [injectorSectionName]: writtenForm(injector),
    },
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** How a file may write what the schema describes: without what has a default, and with `${NAME}` anywhere. */
function writtenForm(schema: SchemaNode): object {
  const { properties, patternProperties, items, required, ...own } = schema;
  if (properties) {
    const mandatory = required?.filter((key) => properties[key]?.default === undefined) ?? [];
    return {
      ...own,
      ...(mandatory.length > 0 ? { required: mandatory } : {}),
      properties: writtenForms(properties),
    };
  }
  if (patternProperties) return { ...own, patternProperties: writtenForms(patternProperties) };
  if (items) return { ...own, items: writtenForm(items) };
  if (schema.type === 'string') return own;
  const { description, default: defaultValue, ...check } = own;
  const reference = { type: 'string', pattern: '\\$\\{' };
  return { description, default: defaultValue, anyOf: [check, reference] };
}

function writtenForms(schemas: Readonly<Record<string, SchemaNode>>): object {
  return Object.fromEntries(Object.entries(schemas).map(([key, schema]) => [key, writtenForm(schema)]));
}
