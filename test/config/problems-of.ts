import { ConfigError, type Problem } from '../../src/config/config-error.ts';
import { type ConfigSources, loadConfig } from '../../src/config/load.ts';

/** What a configuration is refused for; nothing if it is accepted. */
export function problemsOf(sources: ConfigSources): readonly Problem[] {
  try {
    loadConfig(sources);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
