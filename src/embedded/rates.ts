import type { RateLine } from '../ledger/admission.ts';

/** A leaky bucket used as a meter. */
export interface Bucket {
  readonly level: number;
  readonly atMs: number;
  readonly perSecond: number;
}

export function emptyBucket({ perSecond }: RateLine, atMs: number): Bucket {
  return { level: 0, atMs, perSecond };
}

/** The bucket as it is now. A clock that stepped back has drained nothing, and drains on from where it is. */
export function drain(bucket: Bucket, perSecond: number, nowMs: number): Bucket {
  const drained = (Math.max(0, nowMs - bucket.atMs) * perSecond) / 1000;
  return { level: Math.max(0, bucket.level - drained), atMs: nowMs, perSecond };
}

/** How long until a drained bucket takes the cost: into its burst, or when it is empty if that is too small. */
export function conformsInMs({ level }: Bucket, { burst, perSecond }: RateLine, cost: number): number {
  const room = Math.max(0, burst - cost);
  const waitMs = ((level - room) * 1000) / perSecond;
  // A call that waited as told must not be a fraction of a microsecond early.
  return Math.max(0, Math.ceil(waitMs - 0.001));
}

export function pour(bucket: Bucket, amount: number): Bucket {
  return { ...bucket, level: Math.max(0, bucket.level + amount) };
}
