import { randomId } from '../assistants/ids.ts';
import { createChatCompletionsModel } from '../assistants/models/chat-completions/chat-completions-model.ts';
import { createResponsesModel } from '../assistants/models/responses/responses-model.ts';
import { type Serving, serve, serveNothing } from '../assistants/serving.ts';
import { createUpstreamCalls } from '../assistants/upstream-calls.ts';
import type { Config } from '../config/schema.ts';
import type { Ownership } from '../embedded/own-directory.ts';
import type { Handler } from '../exchange.ts';
import type { TokenCounter } from '../openai/count-tokens.ts';
import type { LogSink } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { openAssistantStore } from './open-assistant-store.ts';

export interface ServedParts {
  readonly log: LogSink['log'];
  readonly metrics: Pick<Metrics, 'runs' | 'stores'>;
  readonly counter: TokenCounter;
  /** Makes the state directory this process's own. */
  own(): Ownership;
  /** What a run here calls its models through. */
  readonly modelCalls: Handler;
  /** Undefined: no traces are made. */
  readonly tracing: Tracing | undefined;
  readonly orgs: () => readonly string[];
  /** Those that are in force. */
  readonly defaults: () => Config['defaults'];
}

/**
 * The Assistants API as the configuration wants it served; undefined if the upstream has it. Without a store that can
 * be opened everything else is served all the same, and applications that call it are told why it isn't.
 */
export function serveAssistantsApi(config: Config, parts: ServedParts): Serving | undefined {
  const { backend, upstreamStore, ...assistants } = config.assistants;
  if (backend === 'passthrough') return undefined;
  const { log, metrics, counter, own, tracing, orgs, defaults } = parts;
  const onError = (error: Error) => log.warn({ cause: error.message }, 'assistants');
  const calls = createUpstreamCalls(parts.modelCalls);
  try {
    return serve({
      ...assistants,
      store: metrics.stores.measured('assistants', openAssistantStore(config.store, { own, onError }), [
        'get',
        'commit',
        'list',
        'drop',
        'schedule',
        'claim',
        'renew',
        'call',
        'finish',
      ]),
      metrics: metrics.runs,
      calls,
      model:
        backend === 'responses'
          ? createResponsesModel({ calls, upstreamStore })
          : createChatCompletionsModel({ calls, newCallId: () => randomId('call_') }),
      counter,
      tracing,
      newId: randomId,
      nowMs: Date.now,
      random: Math.random,
      orgs,
      defaults,
      onError,
    });
  } catch (error) {
    const { message } = error as Error;
    log.warn({ reason: message }, 'the Assistants API is not served');
    return serveNothing(message);
  }
}
