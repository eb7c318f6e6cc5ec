import { ConfigError } from './config-error.ts';
import { type ConfigSources, loadConfig } from './load.ts';
import { showConfig } from './redact-config.ts';

/**
 * What `npm start -- check` prints: the effective configuration as YAML with its secrets hidden, or every
 * problem, one a line.
 */
export function checkConfig(sources: ConfigSources): { valid: boolean; report: string } {
  try {
    const shown = showConfig(loadConfig(sources));
    return {
      valid: true,
      report: `The configuration is valid. In effect, secrets hidden:\n\n${shown}`,
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { valid: false, report: `${error.message}\n` };
  }
}
