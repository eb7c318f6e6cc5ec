import { setTimeout as sleep } from 'node:timers/promises';

import type { AnswerStore, AnswerStoreTerms, Begun, Call } from '../idempotency/answer-store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { connect } from './connect.ts';
import { inTime } from './in-time.ts';
import { callKey } from './key-names.ts';
import { createReadiness } from './readiness.ts';
import { garbage } from './reply-reader.ts';
import { createScripts, type Question, type ScriptName } from './scripts.ts';

export interface RedisAnswerStoreOptions extends AnswerStoreTerms {
  /** See `parseRedisUrl`. */
  readonly url: string;
  /** As for decisions; answers get two seconds at least. Every method answers or rejects within that time. */
  readonly timeoutMs: number;
  /** What all keys begin with, and a colon. */
  readonly keyPrefix: string;
  /** Told why there is no connection; what fails for lack of one is rejected besides. */
  onError(error: Error): void;
}

/** A large answer takes longer than a decision may. */
const minTimeoutMs = 2000;

/**
 * Calls and their answers in Redis: each method is one script on one key. Its connection is its own, because others
 * would wait behind large answers. Throws on a malformed URL; connects in the background, again and again.
 */
export function createRedisAnswerStore(options: RedisAnswerStoreOptions): AnswerStore {
  const { url, keyPrefix, leaseMs, keepMs, onError } = options;
  const timeoutMs = Math.max(options.timeoutMs, minTimeoutMs);
  const client = connect(url, { timeoutMs, onError });
  const ready = createReadiness(client);
  const run = createScripts(client);
  let isClosed = false;

  function ask<Result>(
    script: ScriptName,
    call: Call,
    args: Question['args'],
    read: (reply: readonly unknown[]) => Result,
  ): Promise<Result> {
    return inTime(timeoutMs, async (isInTime) => {
      if (isClosed) throw new StoreUnavailable('it was closed', { mayHaveHappened: false });
      await ready();
      // Whoever asked has been told that there was no answer.
      if (!isInTime()) throw new Error('the connection came too late');
      const reply: unknown = await run(script, { keys: [callKey(keyPrefix, call)], args });
      if (!Array.isArray(reply)) throw garbage();
      return read(reply);
    });
  }

  return {
    begin: (call, body) => ask('answer-begin', call, [call.owner, body, leaseMs, keepMs], readBegun),
    renew: (call, body) => ask('answer-renew', call, [call.owner, body, leaseMs, keepMs], readDone),
    keep: (call, body, answer) => ask('answer-keep', call, [call.owner, body, keepMs, answer], readDone),
    release: (call) => ask('answer-release', call, [call.owner], readDone),
    close: async () => {
      isClosed = true;
      // What was sent is answered first, but not waited for longer than its callers do.
      await Promise.race([client.quit().catch(() => {}), sleep(timeoutMs, undefined, { ref: false })]);
      client.disconnect();
    },
  };
}

function readBegun([kind, body, answer]: readonly unknown[]): Begun {
  if (String(kind) === 'begun') return { kind: 'begun' };
  if (!Buffer.isBuffer(body)) throw garbage();
  switch (String(kind)) {
    case 'running':
      return { kind: 'running', body: body.toString() };
    case 'abandoned':
      return { kind: 'abandoned', body: body.toString() };
    case 'answered':
      if (!Buffer.isBuffer(answer)) throw garbage();
      return { kind: 'answered', body: body.toString(), answer };
    default:
      throw garbage();
  }
}

function readDone([kind]: readonly unknown[]): void {
  if (String(kind) !== 'done') throw garbage();
}
