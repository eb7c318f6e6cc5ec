import { createHmac, hkdfSync, type KeyObject } from 'node:crypto';

import type { Keyring } from '../sealing/keyring.ts';
import { type Place, seal, unseal } from '../sealing/seal.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { pseudonymFor, readPlaceholder } from './placeholders.ts';
import type { NumberedOriginal, SealedOriginal, VaultStore } from './vault-store.ts';
import type { Named, Original, Scope, Vault } from './vault.ts';

interface SealedVaultParts {
  readonly keyring: () => Keyring;
  /** The key of the configuration that names the file of keys, for messages. */
  readonly keyPath: string;
}

/**
 * A vault over a store that sees nothing in the clear. Originals are sealed with AES-256-GCM under the newest key and
 * bound to their table, entity and digest, so that none opens in another's place.
 *
 * They are known again by an HMAC-SHA-256 of table, entity and original, whose key is derived (HKDF) from the oldest
 * key of the file, its last line: so a new first line changes no number, also while pods have not all read it. Without
 * its last line, originals that were named before get new numbers when they come again; what was sealed with that key
 * opens no more, and `read` says which line is missing.
 *
 * Throws an Error that says what to do if there is no key. Rejects with `StoreUnavailable` at what can't be opened.
 */
export function sealVault(store: VaultStore, { keyring, keyPath }: SealedVaultParts): Vault {
  if (keyring().newest === undefined) {
    throw new Error(
      `${keyPath}: pseudonymize keeps originals encrypted, and there is no key. Name a file with a line \`id:base64\` of 32 bytes.`,
    );
  }
  const lookupKeyOf = rememberLast(deriveLookupKey);
  const digestOf = (table: string, { entity, original }: Original, { oldest }: Keyring): string => {
    if (oldest === undefined)
      throw new StoreUnavailable(`${keyPath} holds no key`, { mayHaveHappened: false });
    const text = JSON.stringify([table, entity, original]);
    return createHmac('sha256', lookupKeyOf(oldest.key)).update(text).digest('base64url');
  };

  return {
    async begin(scope, { originals, isFirst }) {
      if (originals.length === 0 && !isFirst) return;
      const table = tableOf(scope);
      const keys = keyring();
      const sealed = originals.map((each) => ({
        ...sealOriginal(each, table, digestOf(table, each, keys), keys),
        number: numberOf(each),
      }));
      await store.begin(scope, { originals: sealed, isFirst });
    },
    async name(scope, wanted) {
      if (wanted.length === 0) return [];
      const table = tableOf(scope);
      const keys = keyring();
      const sealed = wanted.map((each) => sealOriginal(each, table, digestOf(table, each, keys), keys));
      const numbers = await store.name(scope, sealed);
      return wanted.map(({ entity }, index) => pseudonymFor(entity, numbers[index]!));
    },
    async read(scope) {
      const table = tableOf(scope);
      const keys = keyring();
      return (await store.read(scope)).map((each) => ({
        entity: each.entity,
        placeholder: pseudonymFor(each.entity, each.number),
        original: openOriginal(each, table, keys, keyPath),
      }));
    },
    join: store.join,
    close: store.close,
  };
}

function numberOf({ placeholder }: Named): number {
  const read = readPlaceholder(placeholder);
  if (read?.form !== 'pseudonym') throw new TypeError('an original has no placeholder');
  return read.number;
}

/**
 * What originals are bound to. A table of responses has many names, of which a request knows one: so those of an
 * organisation's responses are bound to just that.
 */
function tableOf({ org, kind, id }: Scope): string {
  return JSON.stringify(kind === 'response' ? [org, kind] : [org, kind, id]);
}

function sealOriginal(
  { entity, original }: Original,
  table: string,
  digest: string,
  { newest }: Keyring,
): SealedOriginal {
  // As JSON, since UTF-8 has no lone surrogates.
  const bytes = seal(Buffer.from(JSON.stringify(original)), newest!, placeOf(table, entity, digest));
  return { entity, digest, sealed: Buffer.concat([Buffer.from(`${newest!.id}:`), bytes]) };
}

function openOriginal(
  { entity, digest, sealed }: NumberedOriginal,
  table: string,
  keyring: Keyring,
  keyPath: string,
): string {
  const colon = sealed.indexOf(':');
  const keyId = sealed.toString('latin1', 0, Math.max(0, colon));
  const place = placeOf(table, entity, digest);
  const what = 'the original of a placeholder';
  const json = unseal(sealed.subarray(colon + 1), { keyring, keyId, place, what, keyPath });
  return JSON.parse(json.toString('utf8')) as string;
}

function placeOf(table: string, entity: string, digest: string): Place {
  return ['redaction', table, entity, digest];
}

function deriveLookupKey(key: KeyObject): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', 'assistant-proxy: known originals', 32));
}

/** Keys change once in a while, and are asked for at every call. */
function rememberLast<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  let last: { readonly key: Key; readonly value: Value } | undefined;
  return (key) => {
    if (last?.key !== key) last = { key, value: make(key) };
    return last.value;
  };
}
