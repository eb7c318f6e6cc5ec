import { ProxyError } from '../../errors.ts';
import type { Finding } from '../detector.ts';
import { type UploadRedaction, replaceFindings } from './upload-redaction.ts';

/** A text that comes in pieces, redacted in pieces. */
export interface TextWindow {
  push(text: string): Promise<string>;
  end(): Promise<string>;
}

export interface WindowSizes {
  /** How much is looked at together. */
  readonly windowChars: number;
  /** What comes behind a place before it is passed on: no finding is longer, or it is seen too late. */
  readonly holdBackChars: number;
  /** What came before a place is seen with it, for words that tell what a number is. */
  readonly contextChars: number;
  /** A finding that fills a window is looked at in a larger one, up to that. */
  readonly maxWindowChars: number;
}

/** The longest that is found in the usual way is a private key, of up to 7,000 characters. */
export const usualSizes: WindowSizes = {
  windowChars: 65_536,
  holdBackChars: 8192,
  contextChars: 512,
  maxWindowChars: 1_048_576,
};

/** How far back from what is held a line's end is looked for. */
const lineChars = 4096;

/**
 * Finds in a text of any length what it would find in the whole, as far as nothing is longer than what is held back,
 * and needs no more than the context. The windows are those of the text: how it was cut makes no difference.
 */
export function createTextWindow(
  redaction: Pick<UploadRedaction, 'find' | 'replace'>,
  where: string,
  sizes: WindowSizes = usualSizes,
): TextWindow {
  const { holdBackChars, contextChars, maxWindowChars } = sizes;
  let context = '';
  let pending = '';
  let windowChars = sizes.windowChars;

  /** What can be passed on of the first window; nothing if it has to grow. */
  async function step(isLast: boolean): Promise<string> {
    const window = pending.slice(0, windowChars);
    const findings = behind(context.length, await redaction.find(context + window));
    const usualCut = isLast ? window.length : cutBefore(window, windowChars - holdBackChars);
    const across = findings.find(({ from, end }) => from < usualCut && end > usualCut);
    if (across?.from === 0) {
      if (windowChars >= maxWindowChars) throw tooLong(across.entity, where);
      windowChars *= 2;
      return '';
    }
    const cut = across?.from ?? usualCut;
    const text = window.slice(0, cut);
    const inText = findings.filter(({ end }) => end <= cut);
    context = (context + text).slice(-contextChars);
    pending = pending.slice(cut);
    windowChars = sizes.windowChars;
    return replaceFindings(text, inText, where, redaction);
  }

  return {
    async push(text) {
      pending += text;
      let redacted = '';
      while (pending.length >= windowChars) redacted += await step(false);
      return redacted;
    },
    async end() {
      let redacted = '';
      while (pending !== '') redacted += await step(pending.length <= windowChars);
      return redacted;
    },
  };
}

/** Those that reach behind a place, counted from there. */
function behind(place: number, findings: readonly Finding[]): Finding[] {
  return findings
    .filter(({ end }) => end > place)
    .map((finding) => ({ ...finding, from: Math.max(0, finding.from - place), end: finding.end - place }));
}

/** Behind a line's end if there is one near, and never within a character. */
function cutBefore(text: string, limit: number): number {
  const lineEnd = text.lastIndexOf('\n', limit - 1);
  if (lineEnd >= 0 && lineEnd > limit - lineChars) return lineEnd + 1;
  const isWithinPair = /[\ud800-\udbff]/.test(text.charAt(limit - 1));
  return isWithinPair ? limit - 1 : limit;
}

function tooLong(entity: string, where: string): ProxyError {
  return new ProxyError('unscannable_upload', {
    message: `What looks like ${entity} in ${where} is too long to be replaced. Remove it.`,
  });
}
