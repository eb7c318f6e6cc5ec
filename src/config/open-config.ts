import { ConfigError } from './config-error.ts';
import { crossCheck } from './cross-checks.ts';
import type { Environment } from './interpolate.ts';
import { configFile, decodeConfig, readConfig } from './load.ts';
import { type MergedConfig, mergeLive } from './merge-live.ts';
import type { Config } from './schema.ts';

/** A configuration that follows its file. */
export interface OpenConfig {
  readonly config: Config;
  /** Undefined if there is none: then nothing ever changes. */
  readonly file: string | undefined;
  /**
   * What the file's text makes of the configuration that is in effect. Throws one `ConfigError` with all that is wrong
   * with it, also beside what stays as it was at the start.
   */
  offer(text: string): ConfigChange;
}

export interface ConfigChange extends Pick<MergedConfig, 'applied' | 'waiting'> {
  readonly config: Config;
  /** From now on it is in effect. */
  enacted(): void;
}

/** Throws a `ConfigError` as `loadConfig` does. */
export function openConfig(sources: {
  readonly file?: string | undefined;
  readonly env: Environment;
}): OpenConfig {
  const { env } = sources;
  const file = configFile(sources);
  let running = readConfig({ file, env });
  return {
    config: decodeConfig(running),
    file,
    offer(text) {
      const { config, applied, waiting } = mergeLive(running, readConfig({ file, text, env }));
      const problems = crossCheck(config, []);
      if (problems.length > 0) {
        const until = `until the next start, for which these wait: ${waiting.join(', ')}`;
        throw new ConfigError(
          problems.map(({ path, message }) => ({ path, message: `${message} (${until})` })),
        );
      }
      return {
        config: decodeConfig(config),
        applied,
        waiting,
        enacted() {
          running = config;
        },
      };
    },
  };
}
