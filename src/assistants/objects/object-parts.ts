import type { Identity } from '../../exchange.ts';
import type { TokenCounter } from '../../openai/count-tokens.ts';
import type { CallTrace } from '../../telemetry/tracing.ts';
import type { NewId } from '../ids.ts';
import type { AssistantStore } from '../store/store.ts';
import type { UpstreamCalls } from '../upstream-calls.ts';

/** What the handlers of objects work with. */
export interface ObjectParts {
  readonly store: AssistantStore;
  readonly calls: UpstreamCalls;
  /** The first count of a counter takes half a second: ask for one before there are callers. */
  readonly counter: TokenCounter;
  readonly nowMs: () => number;
  readonly newId: NewId;
}

/** On whose behalf the upstream is asked. */
export interface Caller {
  readonly identity: Identity;
  readonly signal: AbortSignal;
  readonly trace?: CallTrace | undefined;
}
