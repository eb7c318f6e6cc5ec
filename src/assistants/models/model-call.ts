import type { Identity, Metadata } from '../../exchange.ts';
import type {
  CodeOutput,
  FileSearchResult,
  LastError,
  MessageContent,
  ResponseFormat,
  Tool,
  ToolChoice,
  Usage,
} from '../wire.ts';

/**
 * How a run asks a model, whatever API the upstream speaks: one adapter for each. Calls go through the pipeline
 * below the edge, so budgets, limits and telemetry apply to each of them.
 */
export interface ModelPort {
  /** A call can't be capped below this. */
  readonly minOutputTokens: number;
  /** Says why a run with these tools can't be served, for the caller who creates it; undefined if it can. */
  refusalOf(tools: readonly Tool[]): string | undefined;
  /**
   * Makes one call, and tells what comes in, in order, until it ends. Never rejects: what goes wrong is an ending.
   * Once `context.signal` aborts it ends soon, with the usage that the upstream still tells.
   */
  call(
    request: ModelRequest,
    context: CallContext,
    onEvent: (event: ModelEvent) => void,
  ): Promise<ModelEnding>;
  /** What has become of a call whose caller crashed. Never rejects. */
  lookUp(upstreamId: string, context: CallContext): Promise<FoundCall>;
  /** The exact input tokens that a request would have; undefined if the upstream can't tell. Never rejects. */
  countInput(request: ModelRequest, context: CallContext): Promise<number | undefined>;
}

export interface CallContext {
  /** Who pays. */
  readonly identity: Identity;
  /** Of the run that asks: its caller may have opted out of redaction by it. */
  readonly runMetadata?: Metadata | undefined;
  readonly signal: AbortSignal;
}

export interface ModelRequest {
  readonly model: string;
  readonly instructions: string;
  /** The oldest first. */
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  /** Where file_search searches; the tool is left out if there is none. */
  readonly vectorStoreIds: readonly string[];
  /** What code_interpreter finds in its container. */
  readonly fileIds: readonly string[];
  /** The container that an earlier call of the thread has worked in, if it may still live. */
  readonly containerId: string | undefined;
  readonly toolChoice: ToolChoice;
  readonly parallelToolCalls: boolean;
  /** What the run has left; reasoning counts. Undefined: no cap. */
  readonly maxOutputTokens: number | undefined;
  /** Undefined where neither run nor assistant says something else than the API's default. */
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly responseFormat: ResponseFormat;
  readonly reasoningEffort: string | undefined;
  /** Stamped on what the upstream keeps, for people who look there. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What the model sees of the thread and of the run. */
export type Turn =
  | {
      readonly type: 'message';
      readonly role: 'user' | 'assistant';
      readonly content: readonly MessageContent[];
    }
  | { readonly type: 'call'; readonly callId: string; readonly name: string; readonly arguments: string }
  | { readonly type: 'output'; readonly callId: string; readonly output: string }
  /** As the adapter gave it out in an event, for it alone to read: reasoning, calls of built-in tools. */
  | { readonly type: 'carried'; readonly item: unknown };

/** Built-in calls, messages and function calls begin one after another; each ends before the next one begins. */
export type ModelEvent =
  /** By this id the upstream can be asked later. At most once, and ahead of all others. */
  | { readonly type: 'begun'; readonly upstreamId: string }
  | { readonly type: 'messageBegun' }
  /** Of the message that has begun, as are refusals and annotations. */
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'refusal'; readonly text: string }
  /** About the text that came last. `quote` is there if the text itself holds what the annotation is about. */
  | { readonly type: 'citation'; readonly fileId: string }
  | {
      readonly type: 'file';
      readonly fileId: string;
      readonly containerId: string;
      readonly name: string;
      readonly quote?: string;
    }
  | { readonly type: 'messageEnded' }
  | { readonly type: 'functionCallBegun'; readonly callId: string; readonly name: string }
  | { readonly type: 'arguments'; readonly callId: string; readonly text: string }
  | { readonly type: 'functionCallEnded'; readonly callId: string }
  /** With the text that was found, where the upstream tells it. */
  | { readonly type: 'searchEnded'; readonly results: readonly FileSearchResult[] | undefined }
  | { readonly type: 'codeBegun' }
  | { readonly type: 'code'; readonly text: string }
  | {
      readonly type: 'codeEnded';
      readonly outputs: readonly CodeOutput[];
      readonly containerId: string | undefined;
    }
  /** To be handed back in this place with the next call of the run. */
  | { readonly type: 'carry'; readonly item: unknown };

export interface ModelEnding {
  /** `cut`: the cap on output. `aborted`: by the signal. */
  readonly how: 'completed' | 'cut' | 'failed' | 'aborted';
  /** As the upstream told it; undefined if it didn't. */
  readonly usage: Usage | undefined;
  /** Of one that failed; quotes no key and nothing of a body beyond the upstream's own message. */
  readonly error?: LastError;
}

export type FoundCall =
  /** The upstream knows of no such call, or can't be asked. */
  | { readonly state: 'unknown' }
  | { readonly state: 'running' }
  /** With everything that it told, as `call` would have told it. */
  | { readonly state: 'ended'; readonly events: readonly ModelEvent[]; readonly ending: ModelEnding };
