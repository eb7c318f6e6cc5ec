import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import type {
  CallContext,
  ModelEnding,
  ModelEvent,
  ModelPort,
  ModelRequest,
  Turn,
} from '../../../src/assistants/models/model-call.ts';
import { type UpstreamCalls, createUpstreamCalls } from '../../../src/assistants/upstream-calls.ts';
import { compose } from '../../../src/exchange.ts';
import { readUsage } from '../../../src/policies/read-usage.ts';
import { createDispatcher } from '../../../src/upstream/dispatcher.ts';
import { forward } from '../../../src/upstream/forward.ts';
import { upstreamKey } from '../../harness/sidecar.ts';

/** Calls to an upstream over real sockets. */
export function callsTo(t: TestContext, baseUrl: string): UpstreamCalls {
  const dispatcher = createDispatcher({
    baseUrl,
    connectTimeoutMs: 60_000,
    headersTimeoutMs: 60_000,
    bodyIdleTimeoutMs: 60_000,
    maxConnections: 0,
    httpProxy: '',
    httpsProxy: '',
    noProxy: '',
    caFile: '',
  });
  t.after(() => dispatcher.destroy());
  const identity = { dialect: 'openai', apiKey: () => upstreamKey, organization: '', project: '' } as const;
  return createUpstreamCalls(compose([readUsage()], forward({ baseUrl, identity, dispatcher })));
}

export function contextWith(signal = new AbortController().signal): CallContext {
  return { identity: { org: 'acme', team: '', app: '', user: '' }, signal };
}

/** A request that says nothing but what is given. */
export function requestWith(parts: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: 'gpt-4o',
    instructions: '',
    turns: [say('Hello')],
    tools: [],
    vectorStoreIds: [],
    fileIds: [],
    containerId: undefined,
    toolChoice: 'auto',
    parallelToolCalls: true,
    maxOutputTokens: undefined,
    temperature: undefined,
    topP: undefined,
    responseFormat: 'auto',
    reasoningEffort: undefined,
    metadata: {},
    ...parts,
  };
}

export function say(value: string, role: 'user' | 'assistant' = 'user'): Turn {
  return { type: 'message', role, content: [{ type: 'text', text: { value, annotations: [] } }] };
}

export function functionTool(name: string) {
  return { type: 'function', function: { name } } as const;
}

export interface Heard {
  readonly events: ModelEvent[];
  readonly ending: ModelEnding;
}

/** Makes a call, and holds what it tells against the port's promise. */
export async function hear(
  model: ModelPort,
  request: ModelRequest,
  context: CallContext = contextWith(),
): Promise<Heard> {
  const events: ModelEvent[] = [];
  const ending = await model.call(request, context, (event) => events.push(event));
  assertInTurn(events);
  return { events, ending };
}

/** Asserts that each item ends before the next one begins, and that nothing is told of one that isn't open. */
export function assertInTurn(events: readonly ModelEvent[]): void {
  let open: string | undefined;
  for (const [index, event] of events.entries()) {
    const of = 'callId' in event ? event.callId : owners[event.type];
    if (event.type === 'begun') assert.equal(index, 0, 'begun comes first');
    else if (event.type.endsWith('Begun')) {
      assert.equal(open, undefined, `${event.type} while ${open} is open`);
      open = of;
    } else if (event.type === 'searchEnded') assert.equal(open, undefined);
    else if (event.type !== 'carry') assert.equal(open, of, `${event.type} of what isn't open`);
    if (event.type.endsWith('Ended')) open = undefined;
  }
}

const owners: Readonly<Record<string, string>> = {
  messageBegun: 'message',
  text: 'message',
  refusal: 'message',
  citation: 'message',
  file: 'message',
  messageEnded: 'message',
  codeBegun: 'code',
  code: 'code',
  codeEnded: 'code',
};

export function textOf(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.type === 'text' ? event.text : '')).join('');
}

/** The calls, with their arguments in one piece. */
export function callsIn(
  events: readonly ModelEvent[],
): { callId: string; name: string; arguments: string }[] {
  return events.flatMap((event) => {
    if (event.type !== 'functionCallBegun') return [];
    const { callId, name } = event;
    const pieces = events.map((piece) =>
      piece.type === 'arguments' && piece.callId === callId ? piece.text : '',
    );
    return [{ callId, name, arguments: pieces.join('') }];
  });
}

/** Neighbouring pieces of one text as one event: what is told, however it was cut. */
export function joined(events: readonly ModelEvent[]): ModelEvent[] {
  const whole: ModelEvent[] = [];
  for (const event of events) {
    const last = whole.at(-1);
    if ('text' in event && last && 'text' in last && isSameText(last, event)) {
      whole[whole.length - 1] = { ...last, text: last.text + event.text };
    } else whole.push(event);
  }
  return whole;
}

function isSameText(a: ModelEvent, b: ModelEvent): boolean {
  return a.type === b.type && ('callId' in a ? a.callId : '') === ('callId' in b ? b.callId : '');
}
