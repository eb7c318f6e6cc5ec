/**
 * Turns positions that count code points, as Python's do, into those of a text's UTF-16 units; undefined for what is
 * behind its end. The text must be well formed.
 */
export function createCodePointIndex(text: string): (codePoints: number) => number | undefined {
  const pairs: number[] = [];
  const highSurrogate = /[\ud800-\udbff]/g;
  while (highSurrogate.exec(text) !== null) pairs.push(highSurrogate.lastIndex - 1 - pairs.length);
  const length = text.length - pairs.length;
  return (codePoints) => (codePoints > length ? undefined : codePoints + countBelow(pairs, codePoints));
}

/** How many of these ascending numbers are less than that. */
function countBelow(numbers: readonly number[], limit: number): number {
  let from = 0;
  let end = numbers.length;
  while (from < end) {
    const middle = (from + end) >> 1;
    if (numbers[middle]! < limit) from = middle + 1;
    else end = middle;
  }
  return from;
}
