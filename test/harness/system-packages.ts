import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * Makes sure that a command is there, if need be out of the system's packages. A text says why it isn't and
 * can't be.
 */
export async function ensureCommand(command: string, debianPackage: string): Promise<string | undefined> {
  if (await succeeds('sh', ['-c', `command -v ${command}`])) return undefined;
  return install(command, debianPackage);
}

/** The same for what is no command. */
export async function ensureFile(path: string, debianPackage: string): Promise<string | undefined> {
  return existsSync(path) ? undefined : install(path, debianPackage);
}

async function install(what: string, debianPackage: string): Promise<string | undefined> {
  const missing = `${what} is missing`;
  if (process.getuid?.() !== 0) return `${missing}, and only root may install it (Debian: ${debianPackage})`;
  if (!(await succeeds('apt-get', ['--version']))) return `${missing}, and there is no apt-get to install it`;
  console.log(`installing ${debianPackage} for ${what}, once; up to a minute`);
  // A new machine has no list of packages yet, and another installation may be under way.
  const options = ['-qq', '-o', 'DPkg::Lock::Timeout=120'];
  const isInstalled =
    (await succeeds('apt-get', ['update', ...options])) &&
    (await succeeds('apt-get', ['install', '-y', ...options, '--no-install-recommends', debianPackage]));
  return isInstalled ? undefined : `${missing}, and apt-get could not install ${debianPackage}`;
}

function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    execFile(command, args, { env }, (error) => resolve(error === null));
  });
}
