/**
 * Cuts a text where it has long runs of one kind of character, and nowhere else. The tokenizer splits a text at
 * the borders of such runs, and takes quadratic time for each piece: a megabyte of spaces would take it hours.
 * A cut inside a run costs a token or so; a text without long runs is counted as it is.
 */
export function* cutLongRuns(text: string): Generator<string> {
  let from = 0;
  for (const { index, 0: run } of text.matchAll(longRun)) {
    yield text.slice(from, index + run.length);
    from = index + run.length;
  }
  if (from < text.length) yield text.slice(from);
}

/** The kinds that the patterns of all encodings know, with what they may mix: marks, and slashes with line ends. */
const longRun = /[\p{L}\p{M}]{256}|\p{N}{256}|\s{256}|[^\s\p{L}\p{N}]{256}|[\r\n/]{256}/gu;
