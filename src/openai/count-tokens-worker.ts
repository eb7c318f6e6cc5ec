/** The worker thread of `count-tokens.ts`. What fails here ends it: a tokenizer that panicked can't be used again. */
import { parentPort } from 'node:worker_threads';

import { get_encoding, get_encoding_name_for_model } from 'tiktoken';
import type { Tiktoken, TiktokenEncoding, TiktokenModel } from 'tiktoken';

import type { CountAnswer, CountRequest } from './count-tokens.ts';
import { cutLongRuns } from './cut-long-runs.ts';
import { baseModel, undatedModel } from './model-name.ts';

const encodings = new Map<TiktokenEncoding, Tiktoken>();

parentPort?.on('message', ({ id, texts, model }: CountRequest) => {
  const encoding = encodingOf(model);
  let tokens = 0;
  for (const text of texts) {
    for (const piece of cutLongRuns(text)) tokens += encoding.encode_ordinary(piece).length;
  }
  parentPort?.postMessage({ id, tokens } satisfies CountAnswer, []);
});

function encodingOf(model: string): Tiktoken {
  const name = encodingName(baseModel(model));
  const encoding = encodings.get(name) ?? get_encoding(name);
  encodings.set(name, encoding);
  return encoding;
}

function encodingName(model: string): TiktokenEncoding {
  try {
    return get_encoding_name_for_model(undatedModel(model) as TiktokenModel);
  } catch {
    const isOlder = /^(?:gpt-4(?:-|$)|gpt-3\.5|gpt-35|text-embedding)/.test(model);
    return isOlder ? 'cl100k_base' : 'o200k_base';
  }
}
