import { asBuffer } from './byte-buffer.ts';

/** How often hosted tools were called for an answer. They cost money by the call, besides the tokens. */
export interface ToolCalls {
  readonly webSearch: number;
  readonly fileSearch: number;
  readonly codeInterpreter: number;
}

export interface ToolCallCounter {
  push(chunk: Uint8Array): void;
  /** What there was so far; undefined if there was none. */
  end(): ToolCalls | undefined;
}

/**
 * Counts the calls of hosted tools among a response's output items while its JSON passes by. It looks for the
 * items' types and parses nothing, so an answer without tools costs one search of its bytes. A type can't stand in
 * a text of the answer, where its quotes would be escaped.
 */
export function createToolCallCounter(): ToolCallCounter {
  const counts = { webSearch: 0, fileSearch: 0, codeInterpreter: 0 };
  /** The end of what came before, in which a type may have begun. */
  let last: Buffer = Buffer.alloc(0);

  /** Counts the types that end with a `_call"` at `from` or later, and before `to`. */
  function count(bytes: Buffer, from: number, to: number): void {
    let at = bytes.indexOf(typeEnd, from);
    while (at !== -1 && at < to) {
      const kind = itemType.exec(bytes.toString('latin1', Math.max(0, at - maxTypeBytes), at))?.[1];
      if (kind !== undefined) counts[kinds[kind]!] += 1;
      at = bytes.indexOf(typeEnd, at + 1);
    }
  }

  return {
    push(chunk) {
      const bytes = asBuffer(chunk);
      const seam = Buffer.concat([last, bytes.subarray(0, maxTypeBytes + typeEnd.length - 1)]);
      count(seam, Math.max(0, last.length - typeEnd.length + 1), last.length + maxTypeBytes);
      count(bytes, maxTypeBytes, bytes.length);
      const keptBytes = maxTypeBytes + typeEnd.length - 1;
      last = (bytes.length < keptBytes ? seam : Buffer.from(bytes.subarray(-keptBytes))).subarray(-keptBytes);
    },
    end: () => (Object.values(counts).some((calls) => calls > 0) ? counts : undefined),
  };
}

const typeEnd = Buffer.from('_call"');
const itemType = /"type"\s*:\s*"(web_search|file_search|code_interpreter)$/;
const kinds: Readonly<Record<string, keyof ToolCalls>> = {
  web_search: 'webSearch',
  file_search: 'fileSearch',
  code_interpreter: 'codeInterpreter',
};

/** Of a key, its colon, blanks around that, and a type up to its end. */
const maxTypeBytes = 48;
