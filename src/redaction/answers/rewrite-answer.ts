import { StringDecoder } from 'node:string_decoder';

import type { Sink, Transform } from '../../exchange.ts';
import { asBuffer, createByteBuffer } from '../../openai/byte-buffer.ts';
import { applyEdits } from '../edits.ts';
import { counts, findTexts } from '../json/find-texts.ts';
import type { Place } from '../json/place.ts';
import { createEventRewriter } from './rewrite-events.ts';
import type { Settler } from './settle.ts';

/** Rewrites the texts of a stream of server-sent events while it passes. */
export function rewriteEvents(settler: Settler, place: Place): Transform {
  return (sink) => {
    const rewriter = createEventRewriter(settler, place);
    return {
      write: (chunk) => writeAll(sink, rewriter.push(chunk)),
      end() {
        writeAll(sink, rewriter.end());
        sink.end();
      },
      fail(error) {
        writeAll(sink, rewriter.end());
        sink.fail(error);
      },
    };
  };
}

/**
 * Rewrites the texts of a JSON answer, which passes on when all of it has come. Of one that breaks off nothing does.
 * The answer's length changes.
 */
export function rewriteJson(settler: Settler, place: Place): Transform {
  return (sink) => {
    const held = createByteBuffer();
    return {
      write(chunk) {
        held.append(chunk);
        return true;
      },
      end() {
        const bytes = held.take();
        const { texts, patch } = findTexts(bytes, place);
        const edits = texts.map((each) =>
          settler.settle(each.text, 0, true).edits.filter((edit) => counts(each, edit)),
        );
        sink.write(patch(edits) ?? bytes);
        sink.end();
      },
      fail: (error) => sink.fail(error),
    };
  };
}

/** Rewrites an answer that is plain text, such as subtitles, while it passes. What is no UTF-8 becomes U+FFFD. */
export function rewriteText(settler: Settler): Transform {
  return (sink) => {
    const decoder = new StringDecoder('utf8');
    /** What is kept of the text, of which all before `from` is written. */
    let kept = '';
    let from = 0;

    function settle(isWhole: boolean): boolean {
      const { edits, end } = settler.settle(kept, from, isWhole);
      const text = applyEdits(kept.slice(0, end), edits).slice(from);
      const context = Math.max(0, end - settler.contextLength);
      kept = kept.slice(context);
      from = end - context;
      return text === '' || sink.write(Buffer.from(text));
    }

    return {
      write(chunk) {
        kept += decoder.write(asBuffer(chunk));
        return settle(false);
      },
      end() {
        kept += decoder.end();
        settle(true);
        sink.end();
      },
      fail(error) {
        kept += decoder.end();
        settle(true);
        sink.fail(error);
      },
    };
  };
}

function writeAll(sink: Sink, chunks: readonly Uint8Array[]): boolean {
  let wantsMore = true;
  for (const chunk of chunks) wantsMore = sink.write(chunk);
  return wantsMore;
}
