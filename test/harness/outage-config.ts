import { loadConfig } from '../../src/config/load.ts';

const defaults: object = loadConfig({ text: '', env: { OPENAI_API_KEY: 'sk-1' } });

/** Whether this sidecar has retries and a circuit: it refuses keys that it doesn't know. */
export const hasRetries = 'retry' in defaults && 'circuit' in defaults;

/** The sections `retry`, `circuit`, `timeouts` and `overload` of a configuration; empty where they are not known yet. */
export function outageConfig(yaml: string): string {
  return hasRetries ? yaml : '';
}
