import { isDeepStrictEqual } from 'node:util';

import { describeKeys } from './describe.ts';
import { isLive, liveKeys } from './live-keys.ts';
import { isMapping } from './schema-node.ts';
import { configSchema, type WrittenConfig } from './schema.ts';

export interface MergedConfig {
  readonly config: WrittenConfig;
  /** Paths of the keys that change. */
  readonly applied: readonly string[];
  /** Paths of those that differ from what runs, and will until the next start. */
  readonly waiting: readonly string[];
}

/** Of what a file says now, all that can take effect at once; the rest as it was at the start. */
export function mergeLive(running: WrittenConfig, offered: WrittenConfig): MergedConfig {
  const config = liveKeys.reduce<unknown>(
    (merged, key) => withValue(merged, key.split('.'), valueAt(offered, key)),
    running,
  ) as WrittenConfig;
  const changed = paths.filter((path) => !isDeepStrictEqual(valueAt(running, path), valueAt(offered, path)));
  return { config, applied: changed.filter(isLive), waiting: changed.filter((path) => !isLive(path)) };
}

/** Lists and free mappings change as a whole. */
const paths = describeKeys(configSchema)
  .map(({ path }) => path)
  .filter((path) => !path.includes('[]') && !path.includes('.*'));

function valueAt(config: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isMapping(value) ? value[key] : undefined), config);
}

function withValue(config: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  const mapping = config as Readonly<Record<string, unknown>>;
  return { ...mapping, [key]: rest.length === 0 ? value : withValue(mapping[key], rest, value) };
}
