import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { type PythonEnvironment, folderOf, interpreterOf, pythonEnvironments } from './python-sdks.ts';

/**
 * Makes the virtual environments that are not there already. pip is used as this machine has it configured. A text
 * says why it can't be done.
 */
export async function preparePython(): Promise<string | undefined> {
  const missing = [];
  for (const environment of pythonEnvironments) {
    if (!(await isInstalled(environment))) missing.push(environment);
  }
  if (missing.length === 0) return undefined;

  const python = await findPython();
  if (python === undefined) return 'no Python of version 3.10 or newer with its venv module (python3-venv)';
  for (const environment of missing) {
    const what = environment.packages.join(' ');
    console.log(`python: installing ${what} into a virtual environment, once; up to two minutes`);
    try {
      await install(python, environment);
    } catch (error) {
      return `${what} could not be installed: ${lastLineOf(error)}`;
    }
  }
  return undefined;
}

const run = promisify(execFile);

/** Written last, so that an installation which broke off is made anew. */
function markerOf(environment: PythonEnvironment): string {
  return join(folderOf(environment), 'installed-packages');
}

async function isInstalled(environment: PythonEnvironment): Promise<boolean> {
  const installed = await readFile(markerOf(environment), 'utf8').catch(() => undefined);
  if (installed !== environment.packages.join('\n')) return false;
  // The Python that it was made with may have been taken away since.
  return run(interpreterOf(environment), ['--version']).then(
    () => true,
    () => false,
  );
}

async function findPython(): Promise<string | undefined> {
  const check = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';
  for (const name of ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10']) {
    const fits = await run(name, ['-c', check]).then(
      () => true,
      () => false,
    );
    if (fits) return name;
  }
  return undefined;
}

async function install(python: string, environment: PythonEnvironment): Promise<void> {
  await rm(folderOf(environment), { recursive: true, force: true });
  await run(python, ['-m', 'venv', folderOf(environment)]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await run(interpreterOf(environment), [...pip, ...environment.packages]);
  await writeFile(markerOf(environment), environment.packages.join('\n'));
}

/** pip and venv end a failure with what it was. */
function lastLineOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split('\n').at(-1) ?? '';
}
