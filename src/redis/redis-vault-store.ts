import { setTimeout as sleep } from 'node:timers/promises';

import type { NumberedOriginal, VaultStore, VaultStoreTerms } from '../redaction/vault-store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { connect } from './connect.ts';
import { inTime } from './in-time.ts';
import { vaultKey } from './key-names.ts';
import { createReadiness } from './readiness.ts';
import { garbage } from './reply-reader.ts';
import { createScripts, type Question, type ScriptName } from './scripts.ts';

export interface RedisVaultStoreOptions extends VaultStoreTerms {
  /** See `parseRedisUrl`. */
  readonly url: string;
  /** Every method answers or rejects within that time. */
  readonly timeoutMs: number;
  /** What all keys begin with, and a colon. */
  readonly keyPrefix: string;
  /** Told why there is no connection; what fails for lack of one is rejected besides. */
  onError(error: Error): void;
}

/**
 * Tables of originals in Redis: each method is one script. Throws on a malformed URL; connects in the background,
 * again and again.
 */
export function createRedisVaultStore(options: RedisVaultStoreOptions): VaultStore {
  const { url, timeoutMs, keyPrefix, keepMs, onError } = options;
  const client = connect(url, { timeoutMs, onError });
  const ready = createReadiness(client);
  const run = createScripts(client);
  let isClosed = false;

  /** Reads what stands behind the only kind of answer that the script gives. */
  function ask<Result>(
    onlyKind: string,
    script: ScriptName,
    question: Question,
    read: (rest: readonly unknown[]) => Result,
  ): Promise<Result> {
    return inTime(timeoutMs, async (isInTime) => {
      if (isClosed) throw new StoreUnavailable('it was closed', { mayHaveHappened: false });
      await ready();
      // Whoever asked has been told that there was no answer.
      if (!isInTime()) throw new Error('the connection came too late');
      const reply: unknown = await run(script, question);
      if (!Array.isArray(reply)) throw garbage();
      const [kind, ...rest] = reply as readonly unknown[];
      if (String(kind) !== onlyKind) throw garbage();
      return read(rest);
    });
  }

  return {
    name(scope, wanted) {
      const args = wanted.flatMap(({ entity, digest, sealed }) => [entity, digest, sealed]);
      const question = { keys: [vaultKey(keyPrefix, scope)], args: [keepMs, ...args] };
      return ask('named', 'vault-name', question, (numbers) => {
        if (numbers.length !== wanted.length) throw garbage();
        return numbers.map(readNumber);
      });
    },
    read(scope) {
      const question = { keys: [vaultKey(keyPrefix, scope)], args: [keepMs] };
      return ask('table', 'vault-read', question, readOriginals);
    },
    join(from, to) {
      const keys = [vaultKey(keyPrefix, from), vaultKey(keyPrefix, to)];
      return ask('joined', 'vault-join', { keys, args: [keepMs] }, () => {});
    },
    close: async () => {
      isClosed = true;
      // What was sent is answered first, but not waited for longer than its callers do.
      await Promise.race([client.quit().catch(() => {}), sleep(timeoutMs, undefined, { ref: false })]);
      client.disconnect();
    },
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
