import { execFile } from 'node:child_process';

/**
 * Makes sure that a command is there, if need be out of the system's packages. A text says why it isn't and
 * can't be.
 */
export async function ensureCommand(command: string, debianPackage: string): Promise<string | undefined> {
  if (await succeeds('sh', ['-c', `command -v ${command}`])) return undefined;
  const missing = `${command} is missing`;
  if (process.getuid?.() !== 0) return `${missing}, and only root may install it (Debian: ${debianPackage})`;
  if (!(await succeeds('apt-get', ['--version']))) return `${missing}, and there is no apt-get to install it`;
  console.log(`installing ${debianPackage} for ${command}, once; up to a minute`);
  // A new machine has no list of packages yet.
  const isInstalled =
    (await succeeds('apt-get', ['update', '-qq'])) &&
    (await succeeds('apt-get', ['install', '-y', '-qq', '--no-install-recommends', debianPackage]));
  return isInstalled ? undefined : `${missing}, and apt-get could not install ${debianPackage}`;
}

function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    execFile(command, args, { env }, (error) => resolve(error === null));
  });
}
