/** A piece of a text that is to be replaced: `[from, end)`, in UTF-16 units. */
export interface Edit {
  readonly from: number;
  readonly end: number;
  readonly text: string;
}

/** Edits are in their order, and don't overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let edited = '';
  let at = 0;
  for (const edit of edits) {
    edited += text.slice(at, edit.from) + edit.text;
    at = edit.end;
  }
  return edited + text.slice(at);
}

/**
 * Spreads edits of a joined text over the parts it was joined from: a replacement goes where its piece begins, and
 * the rest of that piece is cut out of the parts that follow.
 *
 * @param lengths of the parts, in UTF-16 units
 */
export function spreadEdits(edits: readonly Edit[], lengths: readonly number[]): Edit[][] {
  let start = 0;
  let next = 0;
  return lengths.map((length) => {
    const end = start + length;
    const own: Edit[] = [];
    for (let index = next; index < edits.length && edits[index]!.from < end; index += 1) {
      const edit = edits[index]!;
      const isBegun = edit.from < start;
      own.push({
        from: Math.max(edit.from, start) - start,
        end: Math.min(edit.end, end) - start,
        text: isBegun ? '' : edit.text,
      });
      if (edit.end <= end) next = index + 1;
    }
    start = end;
    return own;
  });
}

/** Both, where `first` wins: of a piece in `second` that it overlaps only what is left over is still replaced. */
export function mergeEdits(first: readonly Edit[], second: readonly Edit[]): readonly Edit[] {
  if (first.length === 0) return second;
  if (second.length === 0) return first;
  const merged = [...first];
  let next = 0;
  for (const edit of second) {
    while (next < first.length && first[next]!.end <= edit.from) next += 1;
    let { from } = edit;
    let isTold = false;
    for (let index = next; index < first.length && first[index]!.from < edit.end; index += 1) {
      const before = first[index]!;
      if (from < before.from) {
        merged.push({ from, end: before.from, text: isTold ? '' : edit.text });
        isTold = true;
      }
      from = before.end;
    }
    if (from < edit.end) merged.push({ from, end: edit.end, text: isTold ? '' : edit.text });
  }
  return merged.sort((one, other) => one.from - other.from);
}
