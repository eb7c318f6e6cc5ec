import type { Keyring } from '../sealing/keyring.ts';
import { seal, unseal } from '../sealing/seal.ts';
import type { AnswerStore, Call } from './answer-store.ts';

/**
 * A store that sees answers sealed only, under the newest key and bound to their organisation and call. Those from
 * before there was a key are passed on as they are, as is what is kept without one. Rejects with `StoreUnavailable` at
 * an answer that can't be opened.
 */
export function sealAnswers(store: AnswerStore, keyring: () => Keyring): AnswerStore {
  return {
    ...store,
    async begin(call, body) {
      const begun = await store.begin(call, body);
      return begun.kind === 'answered' ? { ...begun, answer: open(begun.answer, keyring(), call) } : begun;
    },
    keep: (call, body, answer) => store.keep(call, body, close(answer, keyring(), call)),
  };
}

function close(answer: Buffer, { newest }: Keyring, call: Call): Buffer {
  if (newest === undefined) return answer;
  return Buffer.concat([Buffer.from(`sealed:${newest.id}:`), seal(answer, newest, placeOf(call))]);
}

/** No key's id is longer. */
const maxHeaderBytes = 80;

function open(answer: Buffer, keyring: Keyring, call: Call): Buffer {
  // No answer that isn't sealed begins like that: they begin with a brace.
  const header = /^sealed:([\w.-]+):/.exec(answer.toString('latin1', 0, maxHeaderBytes));
  if (header === null) return answer;
  const [{ length }, keyId = ''] = header;
  const what = 'the answer of a call with an Idempotency-Key';
  return unseal(answer.subarray(length), { keyring, keyId, place: placeOf(call), what });
}

function placeOf({ org, name }: Call): string[] {
  return [org, 'answers', name];
}
