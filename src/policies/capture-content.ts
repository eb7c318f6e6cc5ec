import type { Exchange, Reply, Transform } from '../exchange.ts';
import { type SaidMessage, answeredOf, askedOf, textMessage } from '../openai/said-messages.ts';
import { createSeenOutput } from '../openai/seen-output.ts';
import { cutText } from '../telemetry/cut-text.ts';
import type { Attributes } from '../telemetry/tracing.ts';

export interface CaptureContent {
  /** Replaces personal data and secrets in what a model has put out; what was asked comes redacted. */
  readonly hide: (text: string) => string;
}

/** More of what was said is left out. */
const maxLength = 16_384;

/** Longer than anything that is looked for within a line. */
const cutLength = 256;

/** What was asked, as attributes of the span of the attempt. */
export function askedAttributes({ body }: Exchange): Attributes {
  if (body.kind !== 'json' || body.bytes.length > maxBodyBytes) return {};
  const { input, system } = askedOf(body.value);
  return {
    'gen_ai.input.messages': written(input),
    'gen_ai.system_instructions': system && written([textMessage('system', system)]),
  };
}

/** A larger one would take longer to tell than the attribute has room for. */
const maxBodyBytes = 1024 * 1024;

export interface SeenAnswer {
  readonly tap: Transform;
  /** To be asked for when the answer has ended. */
  attributes(): Attributes;
}

/** Undefined if the answer is of a kind that says nothing here. */
export function seeAnswer(
  { operation }: Exchange,
  { headers }: Reply,
  { hide }: CaptureContent,
): SeenAnswer | undefined {
  const contentType = String(headers['content-type'] ?? '');
  if (headers['content-encoding'] !== undefined) return undefined;
  if (contentType.startsWith('text/event-stream')) {
    const seen = createSeenOutput(operation, contentType);
    return {
      tap: tapInto(seen.push),
      attributes: () => outputOf(seen.texts().map((text) => textMessage('assistant', text))),
    };
  }
  if (!contentType.startsWith('application/json')) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    tap: tapInto((chunk) => {
      bytes += chunk.length;
      if (bytes <= maxBodyBytes) chunks.push(chunk);
    }),
    attributes: () => (bytes > maxBodyBytes ? {} : outputOf(answeredOf(parse(chunks)))),
  };

  function outputOf(messages: readonly SaidMessage[]): Attributes {
    const hidden = messages.map(({ role, parts }) => ({ role, parts: parts.map(hideIn) }));
    return { 'gen_ai.output.messages': written(hidden) };
  }

  function hideIn(part: SaidMessage['parts'][number]): SaidMessage['parts'][number] {
    if (part.type === 'text') return { ...part, content: hidden(part.content) };
    if (part.type === 'tool_call') {
      return { ...part, name: hidden(part.name), arguments: hidden(part.arguments) };
    }
    return part.type === 'tool_call_response' ? { ...part, response: hidden(part.response) } : part;
  }

  /** No more is looked at than is told; what may be cut in two at its end is left out. */
  function hidden(text: string): string {
    return text.length <= maxLength ? hide(text) : hide(text.slice(0, maxLength)).slice(0, -cutLength);
  }
}

function written(messages: readonly SaidMessage[]): string | undefined {
  if (messages.length === 0) return undefined;
  return cutText(JSON.stringify(messages), maxLength);
}

function tapInto(push: (chunk: Uint8Array) => void): Transform {
  return (sink) => ({
    write(chunk) {
      push(chunk);
      return sink.write(chunk);
    },
    end: () => sink.end(),
    fail: (error) => sink.fail(error),
  });
}

function parse(chunks: readonly Uint8Array[]): unknown {
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
