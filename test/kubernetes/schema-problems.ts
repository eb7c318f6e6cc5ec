import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { Compile, type Validator } from 'typebox/schema';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

interface Release {
  readonly roots: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, Schema>>;
}

const folder = join(import.meta.dirname, 'schemas');

/** The minor versions that there are schemas of: `1.37`. */
export const kubernetesVersions = readdirSync(folder)
  .filter((file) => /^\d.*\.json$/.test(file))
  .map((file) => file.slice(0, -'.json'.length))
  .toSorted();

const validators = new Map<string, Validator>();

/** What a Kubernetes of this minor version would find wrong with an object's fields; unknown ones are wrong. */
export function schemaProblems(object: unknown, version: string): string[] {
  const { apiVersion, kind } = object as { apiVersion?: string; kind?: string };
  const key = `${apiVersion}/${kind}`;
  const validate = validators.get(`${version} ${key}`) ?? compile(version, key);
  if (validate === undefined) return [`Kubernetes ${version} has no ${key}`];
  validators.set(`${version} ${key}`, validate);
  const [, errors] = validate.Errors(object);
  // Beside each error stands that its schema did not hold.
  return errors
    .filter(({ keyword }) => keyword !== 'boolean')
    .map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
}

/** Custom resources are the same in all versions. */
function compile(version: string, key: string): Validator | undefined {
  const release = [version, 'custom']
    .map((name) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Release)
    .find(({ roots }) => Object.hasOwn(roots, key));
  const root = release?.roots[key];
  if (release === undefined || root === undefined) return undefined;
  const definitions = Object.fromEntries(
    Object.entries(release.definitions).map(([name, schema]) => [name, strict(name, schema)]),
  );
  return Compile({ definitions, $ref: `#/definitions/${root}` });
}

function strict(name: string, schema: Schema): object {
  if (name.endsWith('.IntOrString')) return { type: ['string', 'integer'] };
  if (name.endsWith('.Quantity')) {
    return {
      type: ['string', 'number'],
      pattern: '^[+-]?\\d+(\\.\\d+)?([eE]-?\\d+|[num]|k|[MGTPE]|[KMGTPE]i)?$',
    };
  }
  return closed(schema);
}

/** Objects within objects, too. One without properties is JSON in JSON, or a map: anything goes, or as it says. */
function closed(schema: Schema): Schema {
  const { properties, items } = schema;
  return {
    ...schema,
    ...(items ? { items: closed(items) } : {}),
    ...(properties
      ? {
          additionalProperties: false,
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, closed(property)]),
          ),
        }
      : {}),
  };
}
