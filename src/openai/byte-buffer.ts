/** Bytes that arrive in pieces and are wanted in one. Appending copies, so no chunk is kept alive. */
export interface ByteBuffer {
  readonly length: number;
  append(bytes: Uint8Array): void;
  /** All bytes so far, which the buffer then forgets. */
  take(): Buffer;
}

/** Doubles its room when it is full, so that any number of pieces costs linear time. */
export function createByteBuffer(): ByteBuffer {
  let room = empty;
  // A getter in an object that is made for each call would give each a hidden class of its own.
  const buffer = {
    length: 0,
    append(bytes: Uint8Array): void {
      const needed = buffer.length + bytes.length;
      if (needed > room.length) {
        const larger = Buffer.allocUnsafe(Math.max(needed, room.length * 2, 256));
        larger.set(room.subarray(0, buffer.length));
        room = larger;
      }
      room.set(bytes, buffer.length);
      buffer.length = needed;
    },
    take(): Buffer {
      const taken = room.subarray(0, buffer.length);
      room = empty;
      buffer.length = 0;
      return taken;
    },
  };
  return buffer;
}

const empty = Buffer.alloc(0);

/** The same bytes with Buffer's faster methods; nothing is copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
