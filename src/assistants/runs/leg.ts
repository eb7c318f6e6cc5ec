import type { IdPrefix, NewId } from '../ids.ts';
import type { ModelEvent, Turn } from '../models/model-call.ts';
import { withoutSearchContent } from '../objects/include.ts';
import type { RequiredFunctionCall, Run, RunStep, StepDetails, Usage } from '../wire.ts';
import { type BegunDocument, createdAtOf, endBegun } from './begun-documents.ts';
import { type LegEnding, stepEnding } from './leg-ending.ts';
import { createOpenMessage, type OpenMessage } from './open-message.ts';
import { createOpenTools, type OpenTools } from './open-tools.ts';
import { runMessagePut, stepPut } from './run-puts.ts';
import { noUsage } from './run-usage.ts';
import { type Told, join, nothing } from './told.ts';

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
  /** What an earlier try to tell of the same call has begun: it is gone on with, in the same order. */
  readonly begun: readonly BegunDocument[];
  readonly includesSearchContent: boolean;
}

/** A step or message that begins. */
interface Begun {
  readonly id: string;
  /** Unix seconds. */
  readonly createdAt: number;
  /** By an earlier try. */
  readonly isWritten: boolean;
}

export function createLeg(settings: LegSettings): Leg {
  const { run, nowSeconds } = settings;
  const begun = [...settings.begun];
  const documentIds: string[] = [];
  const turns: Turn[] = [];
  let isMessageDue = false;
  let isMessageSaid = false;
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
          const opened = message ? nothing : join(closeOpen(), beginMessage());
          return join(opened, { puts: [], events: message!.open.hear(event) });
        }
        case 'functionCallBegun': {
          const opened = functions ? closeOpen() : join(closeOpen(), beginFunctions());
          return join(opened, { puts: [], events: functions!.open.hear(event) });
        }
        case 'arguments':
          return { puts: [], events: functions?.open.hear(event) ?? [] };
        case 'codeBegun':
        case 'searchEnded': {
          const opened = builtIn ? nothing : join(closeOpen(), beginBuiltIn());
          return join(opened, { puts: [], events: builtIn!.open.hear(event) });
        }
        case 'code':
        case 'codeEnded':
          return { puts: [], events: builtIn?.open.hear(event) ?? [] };
        case 'carry':
          turns.push({ type: 'carried', item: event.item });
          return nothing;
        case 'messageEnded':
          sayMessage();
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
      const isHeard = documentIds.length > 0;
      const unheard = endBegun(begun, ending, isHeard ? noUsage : usage, nowSeconds());
      const opened = isEmpty ? join(closeOpen(), beginMessage()) : nothing;
      const ended = join(opened, closeOpen(ending, functions ? noUsage : usage, messageTokens));
      const closed = join(ended, unheard);
      return waits || !functions
        ? closed
        : join(closed, endStep(functions.step, functions.open.details(), ending, usage));
    },
    awaited: () => functions && { ...functions.step, step_details: functions.open.details() },
    calls: () => functions?.open.calls() ?? [],
    turns: () => turns,
    openText: () => message?.open.text() ?? '',
    documentIds: () => [...documentIds, ...begun.map(({ id }) => id)],
  };

  function beginMessage(): Told {
    isMessageDue = false;
    isMessageSaid = false;
    const stepBegun = next('step_');
    const messageBegun = next('msg_');
    const open = createOpenMessage({ run, ...messageBegun });
    const step = openStep(stepBegun, {
      type: 'message_creation',
      message_creation: { message_id: messageBegun.id },
    });
    message = { step, open };
    const opened = open.message();
    return join(beginStep(step, stepBegun), {
      puts: messageBegun.isWritten ? [] : [runMessagePut(opened, 0)],
      events: [
        { event: 'thread.message.created', data: opened },
        { event: 'thread.message.in_progress', data: opened },
      ],
    });
  }

  function beginBuiltIn(): Told {
    const stepBegun = next('step_');
    const step = openStep(stepBegun, { type: 'tool_calls', tool_calls: [] });
    builtIn = { step, open: createOpenTools(step.id, run, settings.newId) };
    return beginStep(step, stepBegun);
  }

  function beginFunctions(): Told {
    const stepBegun = next('step_');
    const step = openStep(stepBegun, { type: 'tool_calls', tool_calls: [] });
    functions = { step, open: createOpenTools(step.id, run, settings.newId) };
    return beginStep(step, stepBegun);
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
    sayMessage();
    message = undefined;
    const ended = open.end(ending.how, nowSeconds());
    return join(
      {
        puts: [runMessagePut(ended, messageTokens || Math.ceil(open.text().length / 3))],
        events: [
          ended.status === 'completed'
            ? { event: 'thread.message.completed', data: ended }
            : { event: 'thread.message.incomplete', data: ended },
        ],
      },
      endStep(step, step.step_details, ending, usage),
    );
  }

  /** Ahead of what is carried behind it. */
  function sayMessage(): void {
    if (!message || isMessageSaid) return;
    isMessageSaid = true;
    turns.push({ type: 'message', role: 'assistant', content: message.open.content() });
  }

  function endStep(step: RunStep, step_details: StepDetails, ending: LegEnding, usage: Usage): Told {
    const at = nowSeconds();
    const ended: RunStep = { ...step, step_details, usage, ...stepEnding(ending, at) };
    const event = `thread.run.step.${ended.status}` as const;
    return { puts: [stepPut(ended)], events: [{ event, data: shown(ended) }] };
  }

  function beginStep(step: RunStep, { isWritten }: Begun): Told {
    return {
      puts: isWritten ? [] : [stepPut(step)],
      events: [
        { event: 'thread.run.step.created', data: step },
        { event: 'thread.run.step.in_progress', data: step },
      ],
    };
  }

  function openStep({ id, createdAt }: Begun, details: StepDetails): RunStep {
    return {
      id,
      object: 'thread.run.step',
      created_at: createdAt,
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

  /** What an earlier try has begun is there already, and may have been changed or deleted since. */
  function next(prefix: IdPrefix): Begun {
    const known = begun[0]?.id.startsWith(prefix) === true ? begun.shift() : undefined;
    const id = known?.id ?? settings.newId(prefix);
    documentIds.push(id);
    const createdAt = (known && createdAtOf(known)) ?? nowSeconds();
    return { id, createdAt, isWritten: known !== undefined };
  }

  function shown(step: RunStep): RunStep {
    return settings.includesSearchContent ? step : withoutSearchContent(step);
  }
}
