import type { NumberedOriginal, VaultStore, VaultStoreTerms } from '../redaction/vault-store.ts';
import { vaultKey } from './key-names.ts';
import { garbage } from './reply-reader.ts';
import { createScriptClient, type ScriptClientOptions } from './script-client.ts';

export interface RedisVaultStoreOptions extends ScriptClientOptions, VaultStoreTerms {
  /** What all keys begin with, and a colon. */
  readonly keyPrefix: string;
}

/**
 * Tables of originals in Redis: each method is one script. Throws on a malformed URL; connects in the background,
 * again and again.
 */
export function createRedisVaultStore(options: RedisVaultStoreOptions): VaultStore {
  const { keyPrefix, keepMs } = options;
  const { askFor, close } = createScriptClient(options);

  return {
    begin(scope, { originals, isFirst }) {
      const ordered = originals.toSorted((one, other) => one.number - other.number);
      const args = ordered.flatMap(({ entity, digest, number, sealed }) => [entity, digest, number, sealed]);
      const question = { keys: [vaultKey(keyPrefix, scope)], args: [keepMs, isFirst ? 1 : 0, ...args] };
      return askFor('begun', 'vault-begin', question, () => {});
    },
    name(scope, wanted) {
      const args = wanted.flatMap(({ entity, digest, sealed }) => [entity, digest, sealed]);
      const question = { keys: [vaultKey(keyPrefix, scope)], args: [keepMs, ...args] };
      return askFor('named', 'vault-name', question, (numbers) => {
        if (numbers.length !== wanted.length) throw garbage();
        return numbers.map(readNumber);
      });
    },
    read(scope) {
      const question = { keys: [vaultKey(keyPrefix, scope)], args: [keepMs] };
      return askFor('table', 'vault-read', question, readOriginals);
    },
    join(from, to) {
      const keys = [vaultKey(keyPrefix, from), vaultKey(keyPrefix, to)];
      return askFor('joined', 'vault-join', { keys, args: [keepMs] }, () => {});
    },
    close,
  };
}

/** Of `entity:digest`, and of `number:sealed`, in turn. */
function readOriginals(parts: readonly unknown[]): NumberedOriginal[] {
  if (parts.length % 2 !== 0) throw garbage();
  return Array.from({ length: parts.length / 2 }, (_, index) => {
    const [field, value] = parts.slice(2 * index, 2 * index + 2);
    if (!Buffer.isBuffer(field) || !Buffer.isBuffer(value)) throw garbage();
    const [entity = '', digest = '', ...others] = field.toString().split(':');
    const colon = value.indexOf(':');
    if (digest === '' || others.length > 0 || colon === -1) throw garbage();
    const number = readNumber(Number(value.toString('latin1', 0, colon)));
    return { entity, digest, number, sealed: value.subarray(colon + 1) };
  });
}

function readNumber(number: unknown): number {
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1) throw garbage();
  return number;
}
