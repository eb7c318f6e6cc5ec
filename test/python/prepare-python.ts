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
  const names = missing.map(({ packages }) => packages.join(' '));
  console.log(
    `python: installing ${names.join(', ')}, each into a virtual environment, once; up to three minutes`,
  );
  const problems = await Promise.all(
    missing.map(async (environment, index) => {
      try {
        await install(python, environment);
        return undefined;
      } catch (error) {
        return `${names[index]} could not be installed: ${lastLineOf(error)}`;
      }
    }),
  );
  return problems.find((problem) => problem !== undefined);
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
  // Compiling everything takes longer than all the rest; what is used is compiled when it is.
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile'];
  await run(interpreterOf(environment), [...pip, ...environment.packages]);
  await writeFile(markerOf(environment), environment.packages.join('\n'));
}

/** pip and venv end a failure with what it was. */
function lastLineOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split('\n').at(-1) ?? '';
}
