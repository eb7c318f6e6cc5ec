/** Numbers as scripts read them with `struct.unpack`: little-endian doubles, one after the other. */
export function packDoubles(numbers: readonly number[]): Buffer {
  const packed = Buffer.allocUnsafe(numbers.length * 8);
  let offset = 0;
  for (const number of numbers) offset = packed.writeDoubleLE(number, offset);
  return packed;
}

/** The same back. Throws a RangeError if the bytes are no whole number of doubles. */
export function unpackDoubles(packed: Buffer): number[] {
  if (packed.length % 8 !== 0) throw new RangeError(`${packed.length} bytes are no doubles`);
  return Array.from({ length: packed.length / 8 }, (_, index) => packed.readDoubleLE(index * 8));
}
