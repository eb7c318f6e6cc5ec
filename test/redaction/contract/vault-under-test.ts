import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';

import { sealVault } from '../../../src/redaction/sealed-vault.ts';
import type { VaultStore } from '../../../src/redaction/vault-store.ts';
import type { Named, Original, Scope, Vault } from '../../../src/redaction/vault.ts';
import { type Keyring, parseKeyring } from '../../../src/sealing/keyring.ts';

export interface VaultStoreUnderTest {
  readonly store: VaultStore;
  /** What another pod has, on the same tables. */
  another(): Promise<VaultStore>;
  /** Moves the store's clock on. */
  advance(ms: number): Promise<void>;
  /** The store's clock, in milliseconds since 1970. */
  nowMs(): number | Promise<number>;
  /** All that the store keeps, names too, as bytes in any order. */
  rawBytes(): Promise<Buffer>;
}

export type OpenVaultStore = (test: TestContext) => Promise<VaultStoreUnderTest>;

/** What every store under test is opened with. */
export const terms = { keepMs: 3_600_000 };

export const keyPath = 'redaction.encryptionKeyFile';

/** The first id is the newest key. */
export function ring(...ids: string[]): Keyring {
  const lines = ids.map((id) => `${id}:${Buffer.alloc(32, id).toString('base64')}`);
  return parseKeyring(lines.join('\n'), 'file');
}

export function randomRing(): Keyring {
  return parseKeyring(`k1:${randomBytes(32).toString('base64')}`, 'test');
}

export function vaultOn(store: VaultStore, keyring: Keyring): Vault {
  return sealVault(store, { keyring: () => keyring, keyPath });
}

export function scopeOf(kind: Scope['kind'], id: string, org = 'acme'): Scope {
  return { org, kind, id };
}

/** Makes the tables of scopes that had none before, with nothing in them. */
export async function begin(vault: Vault, ...scopes: readonly Scope[]): Promise<void> {
  for (const scope of scopes) await vault.begin(scope, { originals: [], isFirst: true });
}

export function email(original: string): Original {
  return { entity: 'EMAIL', original };
}

/** In the order of their placeholders. */
export async function read(vault: Vault, scope: Scope): Promise<string[]> {
  const line = ({ placeholder, original }: Named) => `${placeholder} ${original}`;
  return (await vault.read(scope)).map(line).sort();
}
