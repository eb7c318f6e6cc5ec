import { setImmediate } from 'node:timers/promises';

import type { Detector, Finding } from './detector.ts';

/** A few milliseconds of work, in UTF-16 units. */
const sliceLength = 65_536;
/** What a finding may need to see on either side of a slice. */
const contextLength = 8192;

/**
 * Finds in texts of any length, and lets others work in between: numbers without end take seconds. What is longer than
 * the context and lies across two slices may be found in pieces.
 */
export function createSlicedFind(detector: Detector): (texts: readonly string[]) => Promise<Finding[][]> {
  return async (texts) => {
    const found: Finding[][] = [];
    let length = 0;
    for (const text of texts) {
      length += text.length;
      if (text.length <= sliceLength) found.push(detector.find(text));
      else found.push(await findIn(text));
      if (length < sliceLength) continue;
      length = 0;
      await setImmediate();
    }
    return found;
  };

  async function findIn(text: string): Promise<Finding[]> {
    const found: Finding[] = [];
    for (let at = 0; at < text.length;) {
      const start = Math.max(0, at - contextLength);
      let end = Math.min(text.length, at + sliceLength);
      for (const each of detector.find(text.slice(start, end + contextLength))) {
        const finding = { ...each, from: start + each.from, end: start + each.end };
        // What begins before was found with the slice before it; what begins behind is found with the next.
        if (finding.from < at || finding.from >= end) continue;
        found.push(finding);
        end = Math.max(end, Math.min(finding.end, text.length));
      }
      at = end;
      await setImmediate();
    }
    return found;
  }
}
