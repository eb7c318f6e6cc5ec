import { execFile } from 'node:child_process';

/** The image is assembled from this machine's own libraries, and run as a container runtime would. */
const needed = ['ldd', 'dpkg', 'unshare'];

/** A text says why the image can't be tried here. */
export async function prepareImageTests(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'the image is a Linux one, and this machine is not';
  const missing: string[] = [];
  for (const command of needed) if (!(await answers(command))) missing.push(command);
  if (missing.length > 0) return `these commands are missing: ${missing.join(', ')}`;
  const namespaces = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--mount'];
  if (await answers('unshare', [...namespaces, 'true'])) return undefined;
  return 'this machine does not let a process make namespaces of its own (unshare)';
}

function answers(command: string, args: readonly string[] = ['--version']): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(command, args, (error) => resolve(error === null));
  });
}
