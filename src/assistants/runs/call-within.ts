import type { CallContext, ModelEnding, ModelEvent, ModelPort, ModelRequest } from '../models/model-call.ts';

/** No model writes so much; who does is no model, and would fill the memory until the run expires. */
const maxOutputLength = 4 * 1024 * 1024;

/** Makes a call that fails as soon as it has put out too much. */
export async function callWithin(
  model: ModelPort,
  request: ModelRequest,
  context: CallContext,
  onEvent: (event: ModelEvent) => void,
): Promise<ModelEnding> {
  const flooded = new AbortController();
  const signal = AbortSignal.any([context.signal, flooded.signal]);
  let length = 0;
  const ending = await model.call(request, { ...context, signal }, (event) => {
    if ('text' in event) length += event.text.length;
    if (length <= maxOutputLength) onEvent(event);
    else flooded.abort();
  });
  if (!flooded.signal.aborted || context.signal.aborted) return ending;
  return { how: 'failed', usage: ending.usage, error: { code: 'server_error', message: tooMuch } };
}

const tooMuch = `The model put out more than ${maxOutputLength} characters, which is more than a run may have.`;
