import { type Place, left } from './place.ts';

/**
 * A JSON schema. What it tells people and models is text, and so are values that it names; what it is made of is not:
 * names of properties, types, references.
 */
export const schema: Place = {
  kind: 'token',
  scansNumbers: false,
  scansNames: false,
  joinsParts: false,
  member: (key) => members.get(key) ?? schema,
};

/** Whose members are named by properties or definitions, and are schemas. */
const schemas: Place = { ...left, kind: 'token', member: () => schema };

const text: Place = { ...left, kind: 'text', member: () => text };

/** Values that must differ from one another, or a validator refuses the schema. */
const choices: Place = { ...text, isSet: true, member: () => text };

const members = new Map<string, Place>([
  ...['description', 'title', '$comment', 'default', 'examples', 'example', 'const', 'pattern'].map(
    (name) => [name, text] as const,
  ),
  ['enum', choices],
  ...['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'].map(
    (name) => [name, schemas] as const,
  ),
  // Of names of properties, and of others that a validator knows.
  ...[
    'required',
    'dependentRequired',
    'propertyOrdering',
    'discriminator',
    'type',
    'format',
    '$ref',
    '$dynamicRef',
    '$id',
    '$schema',
    '$vocabulary',
    'contentMediaType',
    'contentEncoding',
  ].map((name) => [name, left] as const),
]);
