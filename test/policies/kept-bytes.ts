import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How much of the heap is still in use when so many results are kept, and all else can be collected. */
export function keptBytesOf(count: number, make: (index: number) => unknown): number {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const kept = Array.from({ length: count }, (_, index) => make(index));
  collectGarbage();
  const after = process.memoryUsage().heapUsed;
  // Until here.
  return kept.length === count ? after - before : NaN;
}
