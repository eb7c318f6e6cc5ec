import { createHash, randomBytes } from 'node:crypto';

/** Makes the ids and times of one request's answer. */
export interface Mint {
  /** `id('file-', 22)`: the prefix and that many letters and digits. */
  id(prefix: string, length?: number): string;
  /** Unix time for `created_at` and the like. */
  seconds(): number;
  /** A number below `limit`. */
  number(limit: number): number;
}

/** Random ids and the real time. `random` returns a float in [0, 1), as Math.random does. */
export function randomMint(nowMs: () => number, random?: () => number): Mint {
  const bytes = (count: number) =>
    random ? Uint8Array.from({ length: count }, () => Math.floor(random() * 256)) : randomBytes(count);
  return {
    id: (prefix, length = 32) => prefix + letters(bytes(length)),
    seconds: () => Math.floor(nowMs() / 1000),
    number: (limit) => Math.floor((random ?? Math.random)() * limit),
  };
}

/**
 * Ids and times that derive from the request alone: the same request twice gets the same bytes, so that a
 * direct answer can be compared with one that came through the proxy.
 */
export function derivedMint(requestHash: string): Mint {
  let drawn = 0;
  const bytes = () => createHash('sha512').update(`${requestHash}:${drawn++}`).digest();
  const epoch = 1_750_000_000 + (Number.parseInt(requestHash.slice(0, 6), 16) % 10_000_000);
  return {
    id: (prefix, length = 32) => prefix + letters(bytes().subarray(0, length)),
    seconds: () => epoch,
    number: (limit) => bytes().readUInt32BE() % limit,
  };
}

/**
 * Hash of what a request asks for. Leaves out `stream_options`, which a proxy may add to learn the usage, the
 * order of keys, which re-serialising may change, and `api-version`, which means something only to Azure.
 */
export function hashRequest(method: string, path: string, query: string, body: unknown): string {
  const parameters = new URLSearchParams(query);
  parameters.delete('api-version');
  return createHash('sha256')
    .update(JSON.stringify([method, path, `${parameters}`, sorted(body)]))
    .digest('hex');
}

function sorted(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return value.map((item) => sorted(item, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => depth > 0 || key !== 'stream_options');
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, item]) => [key, sorted(item, depth + 1)]);
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

function letters(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += ALPHABET[byte % ALPHABET.length];
  return text;
}
