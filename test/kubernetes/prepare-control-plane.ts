/**
 * Builds etcd, kube-apiserver and kube-controller-manager out of their Go modules, once a machine:
 * `node test/kubernetes/prepare-control-plane.ts`. What is built is kept beside the checkout's user, under the hash of
 * what it is built from, so that another checkout finds it.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const sourceFolder = join(import.meta.dirname, 'control-plane');

/** Else the API server would call itself a version that is older than any. */
const version = readFileSync(join(sourceFolder, 'go.mod'), 'utf8').match(
  /k8s\.io\/kubernetes (v1\.(\d+)\.\d+)/,
)!;
const versionFlags = [`gitVersion=${version[1]}`, 'gitMajor=1', `gitMinor=${version[2]}`].map(
  (each) => `-X k8s.io/component-base/version.${each}`,
);
const buildArgs = ['build', '-trimpath', `-ldflags=-s -w ${versionFlags.join(' ')}`];

/** What is built is the same: a checkout of another user's would only stop the build. */
const outsideHash = ['-buildvcs=false'];

/** Where the control plane is, if it has been built. */
export const controlPlaneFile = join(cacheFolder(), hashOfSources(), 'control-plane');

const stillBuildingMs = 60_000;

/** A text says why there is no control plane. */
export async function prepareControlPlane(): Promise<string | undefined> {
  if (existsSync(controlPlaneFile)) return undefined;
  if ((await runGo(['version'])) !== undefined) {
    return 'etcd and kube-apiserver are built with Go, and there is none; install Go 1.26 or newer';
  }
  const folder = dirname(controlPlaneFile);
  mkdirSync(folder, { recursive: true });
  // Moved when it is whole, so that nobody runs half of it.
  const building = mkdtempSync(join(folder, 'building-'));
  const built = join(building, 'control-plane');
  console.log('building etcd and kube-apiserver, once; up to fifteen minutes');
  const startedAtMs = performance.now();
  const minutes = () => ((performance.now() - startedAtMs) / 60_000).toFixed(1);
  const progress = setInterval(
    () => console.log(`still building, for ${minutes()} minutes`),
    stillBuildingMs,
  );
  try {
    const problem = await runGo([...buildArgs, ...outsideHash, '-o', built, '.']);
    if (problem !== undefined) return `etcd and kube-apiserver could not be built: ${problem}`;
    renameSync(built, controlPlaneFile);
    console.log(`built in ${minutes()} minutes: ${controlPlaneFile}`);
    return undefined;
  } finally {
    clearInterval(progress);
    rmSync(building, { recursive: true, force: true });
  }
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'assistant-proxy-tests');
}

function hashOfSources(): string {
  const hash = createHash('sha256').update(buildArgs.join('\n'));
  for (const name of ['go.mod', 'go.sum', 'main.go']) hash.update(readFileSync(join(sourceFolder, name)));
  return hash.digest('hex').slice(0, 16);
}

/** Undefined if it went well, else the last that Go said. */
function runGo(args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { cwd: sourceFolder, maxBuffer: 64 * 1024 * 1024 };
    execFile('go', args, options, (error, _stdout, stderr) =>
      resolve(error === null ? undefined : (stderr.trim().split('\n').at(-1) ?? '') || error.message),
    );
  });
}

if (import.meta.main) {
  const unable = await prepareControlPlane();
  console.log(unable ?? controlPlaneFile);
  process.exitCode = unable === undefined ? 0 : 1;
}
