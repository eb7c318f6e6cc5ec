/**
 * Builds Helm out of its Go module, once a machine: `node test/kubernetes/prepare-helm.ts`. It is kept beside the
 * checkout's user, so that another checkout finds it.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const version = 'v4.3.2';

/** Where Helm is, if it has been built. */
export const helmFile = join(cacheFolder(), `helm-${version}`, 'helm');

/** A text says why there is no Helm. */
export async function prepareHelm(): Promise<string | undefined> {
  if (existsSync(helmFile)) return undefined;
  const folder = dirname(dirname(helmFile));
  mkdirSync(folder, { recursive: true });
  // Moved when it is whole, so that nobody runs half of it.
  const building = mkdtempSync(join(folder, 'building-'));
  try {
    if (!(await succeeds('go', ['version'], {}))) {
      return `Helm is built with Go, and there is none; install Go, or put Helm ${version} at ${helmFile}`;
    }
    console.log(`building Helm ${version}, once; up to ten minutes`);
    const module = `helm.sh/helm/v4/cmd/helm@${version}`;
    if (!(await succeeds('go', ['install', module], { GOBIN: building }))) {
      return `Helm could not be built; try: go install ${module}`;
    }
    mkdirSync(dirname(helmFile), { recursive: true });
    renameSync(join(building, 'helm'), helmFile);
    return undefined;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'assistant-proxy');
}

function succeeds(command: string, args: readonly string[], env: Record<string, string>): Promise<boolean> {
  return new Promise((resolve) => {
    // Outside of any Go module, whatever the checkout lies in.
    const options = { cwd: dirname(dirname(helmFile)), env: { ...process.env, ...env } };
    execFile(command, args, options, (error) => resolve(error === null));
  });
}

if (import.meta.main) {
  const unable = await prepareHelm();
  console.log(unable ?? helmFile);
  process.exitCode = unable === undefined ? 0 : 1;
}
