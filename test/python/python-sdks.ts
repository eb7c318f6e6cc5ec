import { join } from 'node:path';

/** The newest version of each major of PyPI's `openai`. */
export const pythonSdks = [
  { major: 1, version: '1.109.1' },
  { major: 2, version: '2.54.0' },
  { major: 3, version: '3.54.0' },
] as const;

export type PythonMajor = (typeof pythonSdks)[number]['major'];

/** Where the virtual environment of a major is kept, out of git's sight. */
export function environmentOf(major: PythonMajor): string {
  return join(import.meta.dirname, '../../.cache/python', `openai-${major}`);
}

export function interpreterOf(major: PythonMajor): string {
  return join(environmentOf(major), 'bin/python');
}
