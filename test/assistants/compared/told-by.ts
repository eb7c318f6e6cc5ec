import type { AssistantStream } from 'openai/lib/AssistantStream';
import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';

/** All that a stream helper tells: the events as they came, what it makes of them, and how it ends. */
export async function toldBy(stream: AssistantStream): Promise<Told> {
  const events: AssistantStreamEvent[] = [];
  const derived: unknown[] = [];
  // Copies, because the helper adds the deltas up in the objects of the first of them.
  const note = (name: string) => (value: unknown) => void derived.push([name, structuredClone(value)]);
  stream.on('event', (event) => void events.push(structuredClone(event)));
  stream.on('messageCreated', note('messageCreated')).on('messageDone', note('messageDone'));
  stream.on('textCreated', note('textCreated')).on('textDone', note('textDone'));
  stream.on('toolCallCreated', note('toolCallCreated')).on('toolCallDone', note('toolCallDone'));
  stream.on('runStepCreated', note('runStepCreated')).on('runStepDone', note('runStepDone'));
  let text = '';
  let pieces = 0;
  stream.on('textDelta', ({ value = '' }) => {
    text += value;
    pieces++;
  });
  let toolDeltas = 0;
  stream.on('toolCallDelta', () => void toolDeltas++);
  const run = await stream.finalRun();
  return {
    events: joined(events),
    derived,
    text,
    isTextInPieces: pieces > 1,
    hasToolDeltas: toolDeltas > 0,
    run,
    messages: await stream.finalMessages(),
    steps: await stream.finalRunSteps(),
  };
}

export interface Told {
  readonly events: JoinedEvent[];
  readonly derived: unknown[];
  readonly text: string;
  readonly isTextInPieces: boolean;
  readonly hasToolDeltas: boolean;
  readonly run: Awaited<ReturnType<AssistantStream['finalRun']>>;
  readonly messages: unknown[];
  readonly steps: unknown[];
}

export interface JoinedEvent {
  readonly event: string;
  data: unknown;
  /** Of deltas: whether this is several in one. */
  isJoined?: true;
}

/** Where the text of an answer is cut is up to the upstream: deltas that go on where the last one ended are joined. */
export function joined(events: readonly AssistantStreamEvent[]): JoinedEvent[] {
  const result: JoinedEvent[] = [];
  for (const { event, data } of structuredClone(events)) {
    const last = result.at(-1);
    const before = last && tailOf(last.data as AssistantStreamEvent['data']);
    const piece = tailOf(data);
    if (last && before && piece && before.place === piece.place && !piece.opens) {
      before.extend(piece.text);
      last.isJoined = true;
    } else result.push({ event, data });
  }
  return result;
}

interface Tail {
  /** What the delta is added to. */
  readonly place: string;
  /** It says more than a piece of text. */
  readonly opens: boolean;
  readonly text: string;
  extend(text: string): void;
}

/** The text at the end of a delta that tells of one thing only. */
function tailOf(data: AssistantStreamEvent['data']): Tail | undefined {
  if (!('delta' in data)) return undefined;
  if ('content' in data.delta) {
    const [part, more] = data.delta.content ?? [];
    if (!part || more) return undefined;
    const place = `${data.id} ${part.index} ${part.type}`;
    if (part.type === 'text' && part.text) return tail(place, part.text, 'value', 'annotations' in part.text);
    return part.type === 'refusal' ? tail(place, part, 'refusal', false) : undefined;
  }
  if (!('step_details' in data.delta) || data.delta.step_details?.type !== 'tool_calls') return undefined;
  const [call, more] = data.delta.step_details.tool_calls ?? [];
  if (!call || more) return undefined;
  const place = `${data.id} ${call.index} ${call.type}`;
  const opens = call.id !== undefined;
  if (call.type === 'function' && call.function) return tail(place, call.function, 'arguments', opens);
  if (call.type !== 'code_interpreter' || !call.code_interpreter) return undefined;
  return tail(place, call.code_interpreter, 'input', opens || 'outputs' in call.code_interpreter);
}

function tail<Name extends string>(
  place: string,
  holder: { [name in Name]?: string },
  name: Name,
  opens: boolean,
): Tail {
  const text = holder[name] ?? '';
  return { place, opens, text, extend: (more) => (holder[name] = `${text}${more}`) };
}
