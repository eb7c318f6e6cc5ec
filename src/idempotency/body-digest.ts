import { createHash, type Hash } from 'node:crypto';

/** Takes a body in whatever chunks it comes. */
export interface BodyDigest {
  push(chunk: Uint8Array): void;
  /** In hexadecimal; the last thing to be asked for. */
  end(): string;
}

/** SHA-256 of the body behind `head`, which has no line's end in it. */
export function createBodyDigest(head: string, contentType: string | undefined): BodyDigest {
  const hash = createHash('sha256').update(`${head}\n`);
  const boundary = boundaryOf(contentType);
  if (boundary !== undefined) return withoutBoundary(hash, Buffer.from(`--${boundary}`));
  return { push: (chunk) => void hash.update(chunk), end: () => hash.digest('hex') };
}

/** RFC 2046, section 5.1.1; undefined for what isn't multipart. */
function boundaryOf(contentType: string | undefined): string | undefined {
  const found = /^multipart\/.*;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType ?? '');
  return found?.[1] ?? found?.[2];
}

/**
 * SDKs draw another boundary for every try, so each one in the body counts as an end of what stands before it, and no
 * more. Behind every piece goes its length, so that no two bodies whose pieces differ look the same.
 */
function withoutBoundary(hash: Hash, delimiter: Buffer): BodyDigest {
  /** May be the beginning of a delimiter. */
  let held: Buffer = Buffer.alloc(0);
  let pieceBytes = 0;

  function take(bytes: Buffer): void {
    hash.update(bytes);
    pieceBytes += bytes.length;
  }

  function endPiece(): void {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(pieceBytes));
    hash.update(length);
    pieceBytes = 0;
  }

  return {
    push(chunk) {
      const bytes = Buffer.concat([held, chunk]);
      let from = 0;
      for (let at = bytes.indexOf(delimiter); at !== -1; at = bytes.indexOf(delimiter, from)) {
        take(bytes.subarray(from, at));
        endPiece();
        from = at + delimiter.length;
      }
      const heldFrom = Math.max(from, bytes.length - delimiter.length + 1);
      take(bytes.subarray(from, heldFrom));
      held = bytes.subarray(heldFrom);
    },
    end() {
      take(held);
      endPiece();
      return hash.digest('hex');
    },
  };
}
