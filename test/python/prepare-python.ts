import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { environmentOf, interpreterOf, pythonSdks } from './python-sdks.ts';

/**
 * Makes a virtual environment for each major of PyPI's `openai`, unless it is there already. pip is used as
 * this machine has it configured. A text says why it can't be done.
 */
export async function preparePython(): Promise<string | undefined> {
  const missing = [];
  for (const sdk of pythonSdks) if (!(await isInstalled(sdk))) missing.push(sdk);
  if (missing.length === 0) return undefined;

  const python = await findPython();
  if (python === undefined) return 'no Python of version 3.10 or newer with its venv module (python3-venv)';
  for (const sdk of missing) {
    console.log(`python: installing openai ${sdk.version} into a virtual environment, once; up to a minute`);
    try {
      await install(python, sdk);
    } catch (error) {
      return `openai ${sdk.version} could not be installed: ${lastLineOf(error)}`;
    }
  }
  return undefined;
}

const run = promisify(execFile);

type PythonSdk = (typeof pythonSdks)[number];

/** Written last, so that an installation which broke off is made anew. */
function markerOf({ major }: PythonSdk): string {
  return join(environmentOf(major), 'installed-version');
}

async function isInstalled(sdk: PythonSdk): Promise<boolean> {
  const installed = await readFile(markerOf(sdk), 'utf8').catch(() => undefined);
  if (installed !== sdk.version) return false;
  // The Python that it was made with may have been taken away since.
  return run(interpreterOf(sdk.major), ['--version']).then(
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

async function install(python: string, sdk: PythonSdk): Promise<void> {
  await rm(environmentOf(sdk.major), { recursive: true, force: true });
  await run(python, ['-m', 'venv', environmentOf(sdk.major)]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await run(interpreterOf(sdk.major), [...pip, `openai==${sdk.version}`]);
  await writeFile(markerOf(sdk), sdk.version);
}

/** pip and venv end a failure with what it was. */
function lastLineOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split('\n').at(-1) ?? '';
}
