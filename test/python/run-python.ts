import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { type PythonEnvironment, interpreterOf } from './python-sdks.ts';

/** Where OpenAI is and who calls, as an application's environment says it; it knows of no sidecar. */
export interface Address {
  readonly OPENAI_BASE_URL: string;
  readonly OPENAI_API_KEY: string;
}

/** Runs one of the scripts beside, and resolves to the JSON that it prints. */
export async function runPython(
  environment: PythonEnvironment,
  [script = '', ...args]: readonly string[],
  address: Address,
): Promise<Record<string, unknown>> {
  const file = join(import.meta.dirname, script);
  const all = ['-W', 'ignore::DeprecationWarning', file, ...args];
  const options = { env: { ...address }, maxBuffer: 2 ** 26 };
  const { stdout } = await promisify(execFile)(interpreterOf(environment), all, options);
  return JSON.parse(stdout) as Record<string, unknown>;
}
