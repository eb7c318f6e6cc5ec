/** Streams of the API's three kinds that write the same texts, cut into deltas. */

export interface Writer {
  /** The stream's events as data, the last of them the end of the texts. */
  events(texts: readonly Written[]): object[];
  /** The texts as a client joins them from the deltas. */
  joined(events: readonly object[]): Record<string, string>;
  /** The texts as events tell them whole; none in some kinds. */
  whole(events: readonly object[]): Record<string, string>;
}

/** A text and how its writer cuts it. */
export interface Written {
  readonly kind: 'text' | 'arguments';
  readonly pieces: readonly string[];
}

// oxlint-disable-next-line typescript/no-explicit-any -- events are read as the wire has them
type Wire = any;

/** One choice that says text, and then makes calls; or one choice for each text, side by side. */
export const chatChunks: Writer = {
  events(texts) {
    const chunk = (delta: object, finish_reason: string | null = null): object => ({
      id: 'chatcmpl_1',
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason, logprobs: null }],
      usage: null,
    });
    const deltas = texts.flatMap(({ kind, pieces }, index) =>
      pieces.map((piece, at) => {
        if (kind === 'text') return chunk({ [`reasoning_${index}`]: piece });
        const opening = at === 0 ? { id: `call_${index}`, type: 'function' } : {};
        const name = at === 0 ? { name: 'f' } : {};
        return chunk({ tool_calls: [{ index, ...opening, function: { ...name, arguments: piece } }] });
      }),
    );
    return [chunk({ role: 'assistant', content: '' }), ...deltas, chunk({}, 'stop')];
  },
  joined(events) {
    const joined: Record<string, string> = {};
    for (const { choices } of events as Wire[]) {
      for (const [key, value] of Object.entries<Wire>(choices[0].delta)) {
        if (key.startsWith('reasoning_')) joined[key.slice(10)] = (joined[key.slice(10)] ?? '') + value;
        for (const call of key === 'tool_calls' ? value : []) {
          joined[call.index] = (joined[call.index] ?? '') + call.function.arguments;
        }
      }
    }
    return joined;
  },
  whole: () => ({}),
};

export const sideBySide: Writer = {
  events(texts) {
    const longest = Math.max(0, ...texts.map(({ pieces }) => pieces.length));
    const chunks: object[] = [];
    for (let at = 0; at < longest; at += 1) {
      const choices = texts.flatMap(({ pieces }, index) =>
        at < pieces.length ? [{ index, text: pieces[at], finish_reason: null }] : [],
      );
      chunks.push({ object: 'text_completion', choices: choices.toReversed() });
    }
    return chunks;
  },
  joined(events) {
    const joined: Record<string, string> = {};
    for (const { index, text } of (events as Wire[]).flatMap(({ choices }) => choices)) {
      joined[index] = (joined[index] ?? '') + text;
    }
    return joined;
  },
  whole: () => ({}),
};

export const responseEvents: Writer = {
  events(texts) {
    const events: Wire[] = [{ type: 'response.created', response: { id: 'resp_1', output: [] } }];
    const output = texts.map(({ kind, pieces }, output_index) => {
      const at = { item_id: `item_${output_index}`, output_index };
      const whole = pieces.join('');
      if (kind === 'arguments') {
        const item = { type: 'function_call', id: at.item_id, name: 'f', arguments: whole };
        events.push(
          { type: 'response.output_item.added', output_index, item: { ...item, arguments: '' } },
          ...pieces.map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
          { type: 'response.function_call_arguments.done', ...at, arguments: whole },
          { type: 'response.output_item.done', output_index, item },
        );
        return item;
      }
      const part = { type: 'output_text', text: whole, annotations: [] };
      const item = { type: 'message', id: at.item_id, content: [part] };
      const here = { ...at, content_index: 0 };
      events.push(
        { type: 'response.output_item.added', output_index, item: { ...item, content: [] } },
        { type: 'response.content_part.added', ...here, part: { ...part, text: '' } },
        ...pieces.map((delta) => ({ type: 'response.output_text.delta', ...here, delta, logprobs: [] })),
        { type: 'response.output_text.done', ...here, text: whole },
        { type: 'response.content_part.done', ...here, part },
        { type: 'response.output_item.done', output_index, item },
      );
      return item;
    });
    events.push({ type: 'response.completed', response: { id: 'resp_1', output } });
    return events.map((event, sequence_number) => ({ ...event, sequence_number }));
  },
  joined(events) {
    const joined: Record<string, string> = {};
    for (const { type, output_index, delta } of events as Wire[]) {
      if (type.endsWith('.delta')) joined[output_index] = (joined[output_index] ?? '') + delta;
    }
    return joined;
  },
  whole(events) {
    const { response } = events.at(-1) as Wire;
    const texts: string[] = response.output.map((item: Wire) => item.arguments ?? item.content[0].text);
    for (const { type, output_index, text, arguments: args } of events as Wire[]) {
      if (/(?:arguments|text)\.done$/.test(type) && (text ?? args) !== texts[output_index]) {
        throw new Error('one event tells a text otherwise than another');
      }
    }
    return Object.fromEntries(texts.entries());
  },
};

export const assistantEvents: Writer = {
  events(texts) {
    const content = texts.map(({ pieces }) => ({
      type: 'text',
      text: { value: pieces.join(''), annotations: [] },
    }));
    const deltas = texts.flatMap(({ pieces }, index) =>
      pieces.map((value) => ({
        id: 'msg_1',
        object: 'thread.message.delta',
        delta: { content: [{ index, type: 'text', text: { value } }] },
      })),
    );
    return [...deltas, { id: 'msg_1', object: 'thread.message', content }];
  },
  joined(events) {
    const joined: Record<string, string> = {};
    for (const { delta } of events as Wire[]) {
      for (const { index, text } of delta?.content ?? []) joined[index] = (joined[index] ?? '') + text.value;
    }
    return joined;
  },
  whole: (events) =>
    Object.fromEntries((events.at(-1) as Wire).content.map(({ text }: Wire, at: number) => [at, text.value])),
};
