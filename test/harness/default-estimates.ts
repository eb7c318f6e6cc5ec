import { loadConfig } from '../../src/config/load.ts';

/** What a sidecar estimates whose configuration says nothing of it. */
export const defaultEstimates = loadConfig({ text: '', env: { OPENAI_API_KEY: 'sk-1' } }).estimates;
