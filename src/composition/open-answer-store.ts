import { createEmbeddedAnswerStore } from '../embedded/embedded-answer-store.ts';
import type { AnswerStore, AnswerStoreTerms } from '../idempotency/answer-store.ts';
import { sealAnswers } from '../idempotency/sealed-answers.ts';
import { createRedisAnswerStore } from '../redis/redis-answer-store.ts';
import { openUnder, watchKeyring } from '../watching/watched-keyring.ts';
import type { AssistantStoreParts, AssistantStoreSettings } from './open-assistant-store.ts';

type AnswerStoreParts = AssistantStoreParts & AnswerStoreTerms;

/**
 * The store of answers that the configuration names, behind a seal if it names a file of keys. Throws an Error that
 * says what to do if the state directory or the file of keys can't be used.
 */
export function openAnswerStore(settings: AssistantStoreSettings, parts: AnswerStoreParts): AnswerStore {
  const keyring = watchKeyring(settings.encryptionKeyFile, parts.onError);
  return openUnder(keyring, (read) => sealAnswers(openStore(settings, parts), read));
}

function openStore(settings: AssistantStoreSettings, parts: AnswerStoreParts): AnswerStore {
  const { redisUrl: url, stateDir, timeoutMs, keyPrefix } = settings;
  const { own, onError, leaseMs, keepMs } = parts;
  if (url === '') return createEmbeddedAnswerStore({ stateDir, own, now: Date.now, leaseMs, keepMs });
  return createRedisAnswerStore({ url, timeoutMs, keyPrefix, onError, leaseMs, keepMs });
}
