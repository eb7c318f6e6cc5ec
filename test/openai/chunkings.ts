import fc from 'fast-check';

/** Bytes cut into chunks at arbitrary places, often very short ones, some of them empty. */
export function chunked(
  bytes: fc.Arbitrary<Uint8Array>,
): fc.Arbitrary<{ bytes: Uint8Array; chunks: Uint8Array[] }> {
  return fc
    .tuple(bytes, fc.array(fc.nat({ max: 12 }), { maxLength: 8 }), fc.boolean())
    .map(([whole, sizes, isRepeated]) => ({ bytes: whole, chunks: cut(whole, sizes, isRepeated) }));
}

/** Cuts by the sizes in turn; when they are used up the rest is one chunk, or they are used again. */
export function cut(bytes: Uint8Array, sizes: readonly number[], isRepeated = true): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const repeat = isRepeated && sizes.some((size) => size > 0);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const isUsedUp = turn >= sizes.length && !repeat;
    const size = isUsedUp ? bytes.length : (sizes[turn % sizes.length] ?? 0);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
