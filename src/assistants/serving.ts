import { ProxyError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { TokenCounter } from '../openai/count-tokens.ts';
import { operations } from '../openai/operations.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { ApiHandler } from './api-call.ts';
import type { ModelPort } from './models/model-call.ts';
import { containerPath, createFileHandlers, rememberContainerFile } from './objects/container-files.ts';
import { createObjectHandlers } from './objects/object-handlers.ts';
import type { ObjectParts } from './objects/object-parts.ts';
import { createPrepareMessages } from './objects/prepare-messages.ts';
import { createPrepareThread } from './objects/prepare-thread.ts';
import type { RunDefaults } from './runs/create-run.ts';
import { type RunEngineSettings, createRunEngine } from './runs/run-engine.ts';
import { createRunHandlers } from './runs/run-handlers.ts';
import { waitForIndex } from './runs/wait-for-index.ts';
import { type RunRecord, assistantsOf } from './store/records.ts';

/** The Assistants API, served here. */
export interface Serving {
  /** By the names of their operations. */
  readonly handlers: Readonly<Record<string, ApiHandler>>;
  /** See `container-files.ts`. */
  readonly containerPath: (exchange: Exchange) => Promise<string | undefined>;
  /** The runs that this pod carries on just now. */
  runs(): RunRecord[];
  /** Rejects if the store doesn't answer. */
  ask(): Promise<unknown>;
  /** Lets runs end; false if some take longer. */
  drain(gracePeriodMs: number): Promise<boolean>;
  /** Leaves runs that have not ended for other pods to carry on. */
  close(): Promise<void>;
}

export interface ServingSettings
  extends
    ObjectParts,
    Pick<
      RunEngineSettings,
      'orgs' | 'leaseMs' | 'random' | 'onError' | 'metrics' | 'expireAfterSeconds' | 'tracing'
    > {
  readonly model: ModelPort;
  readonly onStreamLeft: 'cancel' | 'continue';
  readonly defaults: () => RunDefaults;
}

/** Everything that serves: how it hangs together stands here, what it does in the files it imports. */
export function serve(settings: ServingSettings): Serving {
  const { store, counter } = settings;
  const prepareMessages = createPrepareMessages(settings);
  const engine = createRunEngine({
    ...settings,
    filesIndexed: waitForIndex(settings.calls),
    rememberFile: (org, fileId, containerId) => rememberContainerFile(store, org, fileId, containerId),
  });
  const handlers = {
    ...createObjectHandlers(settings),
    ...createFileHandlers(settings),
    ...createRunHandlers({
      ...settings,
      engine,
      prepareMessages,
      prepareThread: createPrepareThread(settings, prepareMessages),
    }),
  };
  return {
    handlers: withWarmCounter(counter, handlers),
    containerPath: (exchange) => containerPath(store, exchange),
    runs: engine.conducted,
    ask: () => store.get(assistantsOf(settings.orgs()[0]!), ['asked']),
    drain: engine.drain,
    async close() {
      await engine.close();
      await store.close();
    },
  };
}

/**
 * The counter takes half a second to start, which who never calls this API need not pay: it starts at the first call,
 * which is seldom the one that needs it.
 */
function withWarmCounter(
  counter: TokenCounter,
  handlers: Record<string, ApiHandler>,
): Record<string, ApiHandler> {
  let isWarm = false;
  const warming =
    (handler: ApiHandler): ApiHandler =>
    (call) => {
      if (!isWarm) void counter.count([''], 'gpt-4o').catch(() => {});
      isWarm = true;
      return handler(call);
    };
  return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, warming(handler)]));
}

/** Every operation says why it isn't served. */
export function serveNothing(reason: string): Serving {
  const refuse = async () => {
    throw new ProxyError('store_unavailable', {
      message: `The Assistants API is not served here. ${reason}`,
    });
  };
  const names = operations.map(({ name }) => name).filter((name) => /^(assistants|threads)\./.test(name));
  return {
    handlers: Object.fromEntries(names.map((name) => [name, refuse])),
    containerPath: async () => undefined,
    runs: () => [],
    ask: () => Promise.reject(new StoreUnavailable(reason)),
    drain: async () => true,
    close: async () => {},
  };
}
