/** What is wrong between the keys of redaction that are right each by itself. */
import type { Problem } from './config-error.ts';
import { builtInEntities } from './entity-names.ts';
import { isSource } from './identity-keys.ts';
import type { WrittenConfig } from './schema.ts';
import { suggest } from './suggest.ts';

export function* ambiguousCustoms({ redaction }: WrittenConfig): Iterable<Problem> {
  const known = new Map<string, string>(builtInEntities.map((name) => [name, 'one that is built in']));
  for (const [index, { name }] of redaction.custom.entries()) {
    const path = `redaction.custom[${index}]`;
    const other = known.get(name.toUpperCase());
    if (other === undefined) known.set(name.toUpperCase(), `that of ${path}`);
    else yield { path: `${path}.name`, message: `is in upper case the same as ${other}; give it another` };
  }
}

export function* unknownEntities({ redaction }: WrittenConfig): Iterable<Problem> {
  const { entities, custom, analyzer } = redaction;
  if (entities === 'default') return;
  const known = new Set([
    ...builtInEntities,
    ...custom.map(({ name }) => name.toUpperCase()),
    ...analyzer.entities,
  ]);
  const firstPaths = new Map<string, string>();
  for (const [index, { name, mode }] of entities.entries()) {
    const path = `redaction.entities[${index}]`;
    const other = firstPaths.get(name);
    if (!known.has(name)) yield { path: `${path}.name`, message: `is no entity${suggest(name, known)}` };
    else if (other !== undefined) yield { path: `${path}.name`, message: `is the same as that of ${other}` };
    else firstPaths.set(name, path);
    const own = custom.findIndex((each) => each.name.toUpperCase() === name && each.mode !== undefined);
    if (mode !== undefined && own !== -1) {
      const message = `is chosen by redaction.custom[${own}].mode, too; leave out one of them`;
      yield { path: `${path}.mode`, message };
    }
  }
}

const minHashKeyLength = 16;

/** A hash without a secret can be guessed at, and what goes into the store must be encrypted. */
export function* missingKeys({ redaction, store }: WrittenConfig): Iterable<Problem> {
  const { hashKey, hashKeyFile, encryptionKeyFile } = redaction;
  if (hashKey !== '' && hashKey.length < minHashKeyLength) {
    yield { path: 'redaction.hashKey', message: `must be ${minHashKeyLength} characters or more` };
  }
  const hashes = pathOfMode('hash', redaction);
  if (hashes !== undefined && hashKey === '' && hashKeyFile === '') {
    const message = 'is hash, which needs a secret; set redaction.hashKeyFile, or redaction.hashKey';
    yield { path: hashes, message };
  }
  const pseudonymizes = pathOfMode('pseudonymize', redaction);
  if (pseudonymizes !== undefined && encryptionKeyFile === '' && store.encryptionKeyFile === '') {
    const message =
      'is pseudonymize, whose originals are stored encrypted; set redaction.encryptionKeyFile, or store.encryptionKeyFile';
    yield { path: pseudonymizes, message };
  }
}

/** Of a name that is hidden a rule sees the digest, which must be the same wherever that name comes by. */
export function* unsharedNames({
  redaction,
  store,
  identity,
  budgets,
  limits,
}: WrittenConfig): Iterable<Problem> {
  const { hashKey, hashKeyFile, encryptionKeyFile } = redaction;
  if ([hashKey, hashKeyFile, encryptionKeyFile, store.encryptionKeyFile].some((key) => key !== '')) return;
  const hides = (['mask', 'block'] as const).some((mode) => pathOfMode(mode, redaction) !== undefined);
  if (!hides) return;
  const rules = [...budgets, ...limits];
  const named = (['team', 'app', 'user'] as const).find((dimension) => {
    const isSaid = [identity[dimension]].flat().some(isSource);
    return (
      isSaid && rules.some(({ per, match }) => per.includes(dimension) || Object.hasOwn(match, dimension))
    );
  });
  if (named === undefined) return;
  const message = `is needed where budgets or limits go by a name that callers say (identity.${named}): where that is personal data they see a digest, which must be the same on every pod; set redaction.hashKeyFile, or redaction.hashKey`;
  yield { path: 'redaction.hashKey', message };
}

/** Where a mode is chosen first. */
function pathOfMode(wanted: string, { mode, entities, custom }: WrittenConfig['redaction']) {
  if (mode === wanted) return 'redaction.mode';
  const overrides = entities === 'default' ? [] : entities;
  const inEntities = overrides.findIndex((each) => each.mode === wanted);
  if (inEntities !== -1) return `redaction.entities[${inEntities}].mode`;
  const inCustom = custom.findIndex((each) => each.mode === wanted);
  return inCustom === -1 ? undefined : `redaction.custom[${inCustom}].mode`;
}
