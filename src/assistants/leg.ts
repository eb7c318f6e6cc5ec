import type { IdPrefix, NewId } from './ids.ts';
import { withoutSearchContent } from './include.ts';
import type { ModelEvent, Turn } from './model-call.ts';
import { createOpenMessage, type OpenMessage } from './open-message.ts';
import { createOpenTools, type OpenTools } from './open-tools.ts';
import { type MessageRecord, lists } from './records.ts';
import type { DocumentPut } from './run-writer.ts';
import type {
  LastError,
  RequiredFunctionCall,
  Run,
  RunStep,
  StepDetails,
  StreamEvent,
  Usage,
} from './wire.ts';

/** What something that happened means: documents to write first, and then events to tell. */
export interface Told {
  readonly puts: readonly DocumentPut[];
  readonly events: readonly StreamEvent[];
}

/** How what a leg has open comes to its end. */
export type LegEnding =
  | { readonly how: 'completed' | 'cut' | 'cancelled' | 'expired' }
  | { readonly how: 'failed'; readonly error: LastError };

/**
 * One model call of a run, as the Assistants API tells of it: messages and steps, with the events of their stream.
 * A message is a step, all functions that are called are one, and so is each row of built-in tools.
 */
export interface Leg {
  hear(event: ModelEvent): Told;
  /**
   * The call has ended. Its usage goes to its last step, those before it have none. Functions that were called stay
   * open if the call completed: see `awaited`.
   */
  close(ending: LegEnding, usage: Usage, messageTokens: number): Told;
  /** The step that waits for the outputs of its functions. */
  awaited(): RunStep | undefined;
  calls(): RequiredFunctionCall[];
  /** What the model said and did, for the next call of the run. */
  turns(): Turn[];
  /** The text of the message that is open. */
  openText(): string;
  /** Ids of steps and messages, in their order. */
  documentIds(): string[];
}

export interface LegSettings {
  readonly run: Run;
  readonly newId: NewId;
  readonly nowSeconds: () => number;
  /** Of an earlier try to tell the same call: they are given out again, in the same order. */
  readonly knownIds: readonly string[];
  readonly includesSearchContent: boolean;
}

const noUsage: Usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

export function createLeg(settings: LegSettings): Leg {
  const { run, nowSeconds } = settings;
  const knownIds = [...settings.knownIds];
  const documentIds: string[] = [];
  const turns: Turn[] = [];
  let isMessageDue = false;
  let message: { readonly step: RunStep; readonly open: OpenMessage } | undefined;
  let builtIn: { readonly step: RunStep; readonly open: OpenTools } | undefined;
  let functions: { readonly step: RunStep; readonly open: OpenTools } | undefined;

  return {
    hear(event) {
      switch (event.type) {
        case 'messageBegun':
          // Told with its first text: of a message that the cap leaves no room for, nothing is.
          isMessageDue = true;
          return closeOpen();
        case 'text':
        case 'refusal':
        case 'citation':
        case 'file': {
          const begun = message ? nothing : join(closeOpen(), beginMessage());
          return join(begun, { puts: [], events: message!.open.hear(event) });
        }
        case 'functionCallBegun': {
          const begun = functions ? closeOpen() : join(closeOpen(), beginFunctions());
          return join(begun, { puts: [], events: functions!.open.hear(event) });
        }
        case 'arguments':
          return { puts: [], events: functions?.open.hear(event) ?? [] };
        case 'codeBegun':
        case 'searchEnded': {
          const begun = builtIn ? nothing : join(closeOpen(), beginBuiltIn());
          return join(begun, { puts: [], events: builtIn!.open.hear(event) });
        }
        case 'code':
        case 'codeEnded':
          return { puts: [], events: builtIn?.open.hear(event) ?? [] };
        case 'carry':
          turns.push({ type: 'carried', item: event.item });
          return nothing;
        case 'functionCallEnded':
          for (const call of functions?.open.calls() ?? []) {
            if (call.id !== event.callId) continue;
            const { name, arguments: args } = call.function;
            turns.push({ type: 'call', callId: call.id, name, arguments: args });
          }
          return nothing;
        default:
          return nothing;
      }
    },
    close(ending, usage, messageTokens) {
      const waits = ending.how === 'completed' && functions !== undefined;
      const isEmpty = isMessageDue && ending.how === 'completed';
      const before = isEmpty ? closeOpen() : nothing;
      const begun = isEmpty ? beginMessage() : undefined;
      const ended = closeOpen(ending, functions ? noUsage : usage, messageTokens);
      const closed = begun ? join(before, atOnce(begun, ended)) : ended;
      return waits || !functions
        ? closed
        : join(closed, endStep(functions.step, functions.open.details(), ending, usage));
    },
    awaited: () => functions && { ...functions.step, step_details: functions.open.details() },
    calls: () => functions?.open.calls() ?? [],
    turns: () => turns,
    openText: () => message?.open.text() ?? '',
    documentIds: () => documentIds,
  };

  function beginMessage(): Told {
    isMessageDue = false;
    const stepId = idOf('step_');
    const open = createOpenMessage({ run, id: idOf('msg_'), createdAt: nowSeconds() });
    const step = openStep(stepId, {
      type: 'message_creation',
      message_creation: { message_id: open.message().id },
    });
    message = { step, open };
    const begun = open.message();
    const told = beginStep(step);
    return {
      puts: [...told.puts, messagePut(begun, 0)],
      events: [
        ...told.events,
        { event: 'thread.message.created', data: begun },
        { event: 'thread.message.in_progress', data: begun },
      ],
    };
  }

  function beginBuiltIn(): Told {
    const step = openStep(idOf('step_'), { type: 'tool_calls', tool_calls: [] });
    builtIn = { step, open: createOpenTools(step.id, run, settings.newId) };
    return beginStep(step);
  }

  function beginFunctions(): Told {
    const step = openStep(idOf('step_'), { type: 'tool_calls', tool_calls: [] });
    functions = { step, open: createOpenTools(step.id, run, settings.newId) };
    return beginStep(step);
  }

  /** Ends the message or the row of built-in tools that is open, if there is one. */
  function closeOpen(ending: LegEnding = { how: 'completed' }, usage = noUsage, messageTokens = 0): Told {
    if (builtIn) {
      const { step, open } = builtIn;
      builtIn = undefined;
      return endStep(step, open.details(), ending, usage);
    }
    if (!message) return nothing;
    const { step, open } = message;
    message = undefined;
    const ended = open.end(ending.how, nowSeconds());
    turns.push({ type: 'message', role: 'assistant', content: ended.content });
    return join(
      {
        puts: [messagePut(ended, messageTokens || Math.ceil(open.text().length / 3))],
        events: [
          ended.status === 'completed'
            ? { event: 'thread.message.completed', data: ended }
            : { event: 'thread.message.incomplete', data: ended },
        ],
      },
      endStep(step, step.step_details, ending, usage),
    );
  }

  function endStep(step: RunStep, step_details: StepDetails, ending: LegEnding, usage: Usage): Told {
    const at = nowSeconds();
    const ended: RunStep = { ...step, step_details, usage, ...endingOf(ending, at) };
    const event = `thread.run.step.${ended.status}` as const;
    return { puts: [stepPut(ended)], events: [{ event, data: shown(ended) }] };
  }

  function beginStep(step: RunStep): Told {
    return {
      puts: [stepPut(step)],
      events: [
        { event: 'thread.run.step.created', data: step },
        { event: 'thread.run.step.in_progress', data: step },
      ],
    };
  }

  function openStep(id: string, details: StepDetails): RunStep {
    return {
      id,
      object: 'thread.run.step',
      created_at: nowSeconds(),
      run_id: run.id,
      assistant_id: run.assistant_id,
      thread_id: run.thread_id,
      type: details.type,
      status: 'in_progress',
      cancelled_at: null,
      completed_at: null,
      expired_at: null,
      failed_at: null,
      last_error: null,
      metadata: null,
      step_details: details,
      usage: null,
    };
  }

  function idOf(prefix: IdPrefix): string {
    const isKnown = knownIds[0]?.startsWith(prefix) === true;
    const id = isKnown ? knownIds.shift()! : settings.newId(prefix);
    documentIds.push(id);
    return id;
  }

  function shown(step: RunStep): RunStep {
    return settings.includesSearchContent ? step : withoutSearchContent(step);
  }
}

export function stepPut(step: RunStep): DocumentPut {
  return { id: step.id, body: JSON.stringify(step), lists: [lists.stepsOf(step.run_id)] };
}

/** Messages are written when they begin, and again when they end. */
function messagePut(message: MessageRecord['message'], tokens: number): DocumentPut {
  const record: MessageRecord = { message, tokens };
  return {
    id: message.id,
    body: JSON.stringify(record),
    lists: [lists.messages, lists.messagesOf(message.run_id ?? '')],
    ...(message.status !== 'in_progress' && { writtenAs: 1 }),
  };
}

function endingOf(ending: LegEnding, at: number): Partial<RunStep> {
  switch (ending.how) {
    // What the cap cut short is what the step was to make.
    case 'completed':
    case 'cut':
      return { status: 'completed', completed_at: at };
    case 'cancelled':
      return { status: 'cancelled', cancelled_at: at };
    case 'expired':
      return { status: 'expired', expired_at: at };
    case 'failed': {
      const { code, message } = ending.error;
      const last_error = { code: code === 'rate_limit_exceeded' ? code : ('server_error' as const), message };
      return { status: 'failed', failed_at: at, last_error };
    }
  }
}

const nothing: Told = { puts: [], events: [] };

/** What begins only to end is written once, as it ends. */
function atOnce(begun: Told, ended: Told): Told {
  const puts = ended.puts.map(({ writtenAs: _, ...put }) => put);
  return { puts, events: [...begun.events, ...ended.events] };
}

function join(first: Told, second: Told): Told {
  if (first === nothing) return second;
  return { puts: [...first.puts, ...second.puts], events: [...first.events, ...second.events] };
}
