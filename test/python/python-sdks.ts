import { join } from 'node:path';

/** The newest version of each major of PyPI's `openai`. */
export const pythonSdks = [
  { name: 'openai-1', packages: ['openai==1.109.1'] },
  { name: 'openai-2', packages: ['openai==2.54.0'] },
  { name: 'openai-3', packages: ['openai==3.54.0'] },
] as const;

/** The newest LangChain that still has `OpenAIAssistantRunnable`, in the package of what it used to be. */
export const langChain = {
  name: 'langchain',
  packages: ['langchain-classic==1.0.8', 'langchain-core==1.7.2', 'openai==3.54.0'],
} as const;

/** Packages that a virtual environment holds. */
export interface PythonEnvironment {
  readonly name: string;
  readonly packages: readonly string[];
}

export const pythonEnvironments: readonly PythonEnvironment[] = [...pythonSdks, langChain];

/** Where a virtual environment is kept, out of git's sight. */
export function folderOf({ name }: PythonEnvironment): string {
  return join(import.meta.dirname, '../../.cache/python', name);
}

export function interpreterOf(environment: PythonEnvironment): string {
  return join(folderOf(environment), 'bin/python');
}
