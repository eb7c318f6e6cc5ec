import type { AnswerStore, AnswerStoreTerms, Begun, Call } from '../idempotency/answer-store.ts';
import { callKey } from './key-names.ts';
import { garbage } from './reply-reader.ts';
import { createScriptClient, type ScriptClientOptions } from './script-client.ts';
import type { Question, ScriptName } from './scripts.ts';

export interface RedisAnswerStoreOptions extends ScriptClientOptions, AnswerStoreTerms {
  /** As for decisions; answers get two seconds at least. */
  readonly timeoutMs: number;
  /** What all keys begin with, and a colon. */
  readonly keyPrefix: string;
}

/** A large answer takes longer than a decision may. */
const minTimeoutMs = 2000;

/**
 * Calls and their answers in Redis: each method is one script on one key. Its connection is its own, because others
 * would wait behind large answers. Throws on a malformed URL; connects in the background, again and again.
 */
export function createRedisAnswerStore(options: RedisAnswerStoreOptions): AnswerStore {
  const { keyPrefix, leaseMs, keepMs } = options;
  const client = createScriptClient({ ...options, timeoutMs: Math.max(options.timeoutMs, minTimeoutMs) });
  const about = (call: Call, args: Question['args']): Question => ({
    keys: [callKey(keyPrefix, call)],
    args,
  });
  const tell = (script: ScriptName, call: Call, args: Question['args']) =>
    client.askFor('done', script, about(call, args), () => {});

  return {
    begin: (call, body) =>
      client.ask('answer-begin', about(call, [call.owner, body, leaseMs, keepMs]), readBegun),
    renew: (call, body) => tell('answer-renew', call, [call.owner, body, leaseMs, keepMs]),
    keep: (call, body, answer) => tell('answer-keep', call, [call.owner, body, keepMs, answer]),
    release: (call) => tell('answer-release', call, [call.owner]),
    close: client.close,
  };
}

function readBegun(kind: string, [body, answer]: readonly unknown[]): Begun {
  if (kind === 'begun') return { kind: 'begun' };
  if (!Buffer.isBuffer(body)) throw garbage();
  switch (kind) {
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
