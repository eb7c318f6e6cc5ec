import { longestHoldMs } from '../upstream-limits/held-back.ts';
import type {
  CommonKind,
  CommonModel,
  KindNews,
  ModelNews,
  SharedAllowances,
} from '../upstream-limits/shared-allowances.ts';
import { packDoubles, unpackDoubles } from './doubles.ts';
import { upstreamLimitsKey } from './key-names.ts';
import { garbage } from './reply-reader.ts';
import { createScriptClient, type ScriptClientOptions } from './script-client.ts';

export interface RedisSharedAllowancesOptions extends ScriptClientOptions {
  /** What all keys begin with, and a colon. */
  readonly keyPrefix: string;
}

/**
 * An exchange is one script, on the one server that has all keys of the upstream. Throws on a malformed URL;
 * connects in the background, again and again.
 */
export function createRedisSharedAllowances(options: RedisSharedAllowancesOptions): SharedAllowances {
  const { keyPrefix } = options;
  const { askFor, close } = createScriptClient(options);

  return {
    exchange(account, maxWaitMs, news) {
      const keys = news.map(({ model }) => upstreamLimitsKey(keyPrefix, account, model));
      const args = [maxWaitMs, longestHoldMs, ...news.map(packNews)];
      return askFor('limits', 'upstream-limits', { keys, args }, (models) => {
        if (models.length !== news.length) throw garbage();
        return models.map(readCommon);
      });
    },
    close,
  };
}

/** As `lua/upstream-limits.lua` reads it. */
function packNews({ heldForMs, kinds }: ModelNews): Buffer {
  return packDoubles([heldForMs, ...kindNumbers(kinds.requests), ...kindNumbers(kinds.tokens)]);
}

function kindNumbers({ taken, spent, heard, seen }: KindNews): number[] {
  return [
    taken,
    spent,
    heard?.taken ?? 0,
    heard?.sinceUs ?? -1,
    seen?.seenAgoMs ?? -1,
    seen?.limit ?? 0,
    seen?.left ?? 0,
    seen?.perMs ?? 0,
  ];
}

/** How many numbers the script answers of each kind, behind the first one. */
const kindLength = 6;

function readCommon(packed: unknown): CommonModel {
  if (!Buffer.isBuffer(packed) || packed.length !== (1 + 2 * kindLength) * 8) throw garbage();
  const [heldForMs, ...numbers] = unpackDoubles(packed);
  if (!isAmount(heldForMs!)) throw garbage();
  const requests = readKind(numbers.slice(0, kindLength));
  const tokens = readKind(numbers.slice(kindLength));
  return { heldForMs: heldForMs!, kinds: { requests, tokens } };
}

function readKind(numbers: readonly number[]): CommonKind | undefined {
  const [limit, left, perMs, seenAgoMs, taken, sinceUs] = numbers as [
    limit: number,
    left: number,
    perMs: number,
    seenAgoMs: number,
    taken: number,
    sinceUs: number,
  ];
  if (limit === -1) return undefined;
  const isRight = [limit, perMs, seenAgoMs, taken, sinceUs].every(isAmount) && left <= limit;
  if (!isRight || !Number.isFinite(left)) throw garbage();
  return { allowance: { limit, left, perMs, seenAgoMs }, count: { taken, sinceUs } };
}

function isAmount(number: number): boolean {
  return Number.isFinite(number) && number >= 0;
}
