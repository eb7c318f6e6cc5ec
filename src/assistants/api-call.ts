import type { Identity, Sink } from '../exchange.ts';
import type { CallTrace } from '../telemetry/tracing.ts';

/** One call to the API that is served here, as its handlers see it. */
export interface ApiCall {
  readonly identity: Identity;
  /** The ids in the path, in its order: thread, run, step. */
  readonly ids: readonly string[];
  readonly query: URLSearchParams;
  /** The JSON body; undefined if there was none. */
  readonly body: unknown;
  /** Aborted when the caller went away. */
  readonly signal: AbortSignal;
  /** What it is a part of; absent if that is no trace. */
  readonly trace?: CallTrace | undefined;
}

/** Rejects with a `ProxyError` in the API's own words, or with `StoreUnavailable`. */
export type ApiHandler = (call: ApiCall) => Promise<ApiAnswer>;

/** Always 200: everything else is an error. */
export type ApiAnswer =
  | { readonly kind: 'object'; readonly value: object; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'stream'; readonly open: (sink: Sink) => void };
