import type { Beginning, EndedSpan } from './traced-span.ts';

/** Of one request. */
const maxHeldOfOne = 128;

export interface HeldSpans {
  /** Those below a span that is begun: sent as they end, or held until it is known whether they are wanted. */
  begin(traceId: string, isSampled: boolean): Beginning;
}

export interface HeldSpansSettings {
  /** Of all requests together that the ratio leaves out, while these go on. */
  readonly maxHeld: number;
  readonly newSpanId: () => string;
  /** `clockOffsetMs`: what makes Unix milliseconds of the times of all spans of one beginning. */
  readonly send: (span: EndedSpan, clockOffsetMs: number) => void;
  /** Spans of a request that failed, for which there was no room. */
  readonly onDropped: (spans: number) => void;
}

/** Whether a request fails is known at its end, and then all that it was is to be told. */
export function createHeldSpans({ maxHeld, newSpanId, send, onDropped }: HeldSpansSettings): HeldSpans {
  let held = 0;
  return {
    begin(traceId, isSampled) {
      const clockOffsetMs = Date.now() - performance.now();
      let isSent = isSampled;
      let isOver = false;
      let waiting: EndedSpan[] = [];
      let missed = 0;
      return {
        traceId,
        isSampled,
        newSpanId,
        take(span) {
          if (isSent) return send(span, clockOffsetMs);
          if (isOver) return;
          if (held >= maxHeld || waiting.length >= maxHeldOfOne) return void (missed += 1);
          held += 1;
          waiting.push(span);
        },
        end(span, hasFailed) {
          isOver = true;
          isSent ||= hasFailed;
          held -= waiting.length;
          if (isSent) {
            if (missed > 0) onDropped(missed);
            for (const each of waiting) send(each, clockOffsetMs);
            send(span, clockOffsetMs);
          }
          waiting = [];
        },
      };
    },
  };
}
