import { isRecord } from '../../../openai/is-record.ts';
import type { Usage } from '../../wire.ts';
import { failureTold, filtered, readRunUsage } from '../call-failures.ts';
import { type Speaker, createTurns } from '../in-turn.ts';
import type { ModelEnding, ModelEvent } from '../model-call.ts';

/** Reads a chat completion, as its stream's chunks or as a whole, and tells what it says. */
export interface ChatReader {
  /** The data of an event. True as soon as the stream has said that it is over. */
  read(data: Buffer): boolean;
  /** A completion as JSON. */
  readWhole(completion: unknown): void;
  /** To be called once, at the end. Undefined if the upstream hasn't told why it ended. */
  end(): ModelEnding | undefined;
  /** Whether the stream has said that it is over: only then has it told everything. */
  isOver(): boolean;
}

interface OpenCall {
  readonly speaker: Speaker;
  readonly callId: string;
  /** As the upstream told it. */
  readonly id: unknown;
}

/**
 * Chunks don't say when a message or a call is complete, so that all that begins behind the first waits for the end.
 *
 * @param newCallId for engines that give their calls no ids.
 */
export function createChatReader(tell: (event: ModelEvent) => void, newCallId: () => string): ChatReader {
  const turns = createTurns(tell);
  let message: Speaker | undefined;
  const calls: OpenCall[] = [];
  const byIndex = new Map<unknown, OpenCall>();
  /** In the order in which they began. */
  const enders: (() => void)[] = [];
  let finishReason: unknown;
  let failure: unknown;
  let usage: Usage | undefined;
  let isOver = false;

  function readChunk(chunk: Record<string, unknown>): void {
    usage = readRunUsage(chunk['usage']) ?? usage;
    if (isGiven(chunk['error'])) failure ??= chunk['error'];
    const choices: unknown = chunk['choices'];
    const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
    if (!isRecord(choice)) return;
    const said = choice['delta'] ?? choice['message'];
    if (isRecord(said)) readDelta(said);
    if (isGiven(choice['finish_reason'])) finishReason = choice['finish_reason'];
  }

  function readDelta({ content, refusal, tool_calls: toolCalls }: Record<string, unknown>): void {
    if (isText(content)) openMessage().tell({ type: 'text', text: content });
    if (isText(refusal)) openMessage().tell({ type: 'refusal', text: refusal });
    if (!Array.isArray(toolCalls)) return;
    for (const call of toolCalls as readonly unknown[]) if (isRecord(call)) readCall(call);
  }

  function openMessage(): Speaker {
    if (message) return message;
    const speaker = turns.begin();
    message = speaker;
    speaker.tell({ type: 'messageBegun' });
    enders.push(() => {
      speaker.tell({ type: 'messageEnded' });
      speaker.end();
    });
    return speaker;
  }

  function readCall({ index, id, function: called }: Record<string, unknown>): void {
    const { name, arguments: args } = isRecord(called) ? called : {};
    const known = isGiven(index) ? byIndex.get(index) : calls.at(-1);
    // Some engines count all their calls as the first, or not at all.
    const isNew = isText(name) && (!known || !isGiven(index) || (isText(id) && id !== known.id));
    const call = isNew ? beginCall(index, id, name) : known;
    if (call && isText(args)) call.speaker.tell({ type: 'arguments', callId: call.callId, text: args });
  }

  function beginCall(index: unknown, id: unknown, name: string): OpenCall {
    const isUsable = isText(id) && calls.every(({ callId }) => callId !== id);
    const call = { speaker: turns.begin(), callId: isUsable ? id : newCallId(), id };
    const { speaker, callId } = call;
    calls.push(call);
    if (isGiven(index)) byIndex.set(index, call);
    speaker.tell({ type: 'functionCallBegun', callId, name });
    enders.push(() => {
      speaker.tell({ type: 'functionCallEnded', callId });
      speaker.end();
    });
    return call;
  }

  return {
    read(data) {
      if (isOver) return true;
      const chunk = parse(data);
      if (isRecord(chunk)) readChunk(chunk);
      else isOver = data.toString('latin1').trim() === '[DONE]';
      return isOver;
    },
    readWhole(completion) {
      isOver = true;
      if (isRecord(completion)) readChunk(completion);
    },
    end() {
      const ending = endingOf(finishReason, failure, usage);
      // What the cap has cut, which came last, stays unended.
      if (ending?.how === 'cut') enders.pop();
      if (ending?.how === 'completed' || ending?.how === 'cut') for (const end of enders) end();
      return ending;
    },
    isOver: () => isOver,
  };
}

function endingOf(reason: unknown, failure: unknown, usage: Usage | undefined): ModelEnding | undefined {
  if (failure !== undefined) return { how: 'failed', usage, error: failureTold(failure) };
  switch (reason) {
    case undefined:
      return undefined;
    case 'stop':
    case 'tool_calls':
    case 'function_call':
      return { how: 'completed', usage };
    case 'length':
      return { how: 'cut', usage };
    case 'content_filter':
      return { how: 'failed', usage, error: filtered };
    default:
      return {
        how: 'failed',
        usage,
        error: { code: 'server_error', message: 'The upstream stopped the answer before it was complete.' },
      };
  }
}

function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
