import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';

import { copyBuildContext } from './build-context.ts';
import { parseDockerfile, type Stage, type Step } from './parse-dockerfile.ts';

export interface Image {
  /** The folder that holds the image's root file system. */
  readonly root: string;
  readonly env: Record<string, string>;
  readonly labels: Record<string, string>;
  readonly workdir: string;
  readonly user: string;
  readonly ports: readonly number[];
  readonly stopSignal: string;
  readonly entrypoint: readonly string[];
}

/**
 * Builds the Dockerfile of a folder without a container engine: every stage in an empty folder of its own below
 * `target`. This machine stands for the base image, with this process's Node in it.
 */
export function buildImage(folder: string, target: string): Image {
  const context = join(target, 'context');
  mkdirSync(context);
  copyBuildContext(folder, context);
  const roots = new Map<string, string>();
  const stages = parseDockerfile(readFileSync(join(folder, 'Dockerfile'), 'utf8'));
  const images = stages.map((stage, index) => {
    const root = join(target, `stage-${index}`);
    makeFolder(root);
    const image = buildStage(stage, { root, context, roots });
    if (stage.name !== undefined) roots.set(stage.name, root);
    return image;
  });
  const last = images.at(-1);
  if (last === undefined) throw new Error('the Dockerfile has no stage');
  return last;
}

interface Surroundings {
  readonly root: string;
  readonly context: string;
  /** The roots of the stages built so far, by name. */
  readonly roots: ReadonlyMap<string, string>;
}

function buildStage({ base, steps }: Stage, surroundings: Surroundings): Image {
  const { root } = surroundings;
  const hasShell = base !== 'scratch';
  if (hasShell) assertStoodForByThisNode(base);
  let image: Image = {
    root,
    env: {},
    labels: {},
    workdir: '/',
    user: '0:0',
    ports: [],
    stopSignal: 'SIGTERM',
    entrypoint: [],
  };
  for (const step of steps) {
    if (step.keyword === 'RUN' && !hasShell) throw new Error(`there is no shell for: ${step.command}`);
    image = perform(step, image, surroundings);
  }
  return image;
}

function perform(step: Step, image: Image, surroundings: Surroundings): Image {
  switch (step.keyword) {
    case 'COPY':
      copy(step, image, surroundings);
      return image;
    case 'RUN':
      run(step.command, image);
      return image;
    case 'WORKDIR':
      makeFolder(join(image.root, step.value));
      return { ...image, workdir: step.value };
    case 'ENV':
      return { ...image, env: { ...image.env, ...step.pairs } };
    case 'LABEL':
      return { ...image, labels: { ...image.labels, ...step.pairs } };
    case 'USER':
      return { ...image, user: step.value };
    case 'EXPOSE':
      return { ...image, ports: [...image.ports, ...step.ports] };
    case 'STOPSIGNAL':
      return { ...image, stopSignal: step.value };
    case 'ENTRYPOINT':
      return { ...image, entrypoint: step.argv };
  }
}

/** A folder is copied as its contents, a file into a target that ends with a slash. */
function copy(step: Step & { keyword: 'COPY' }, image: Image, { context, roots }: Surroundings): void {
  const origin = step.from === undefined ? context : roots.get(step.from);
  if (origin === undefined) throw new Error(`no stage before this one is named ${step.from}`);
  const target = join(image.root, resolve(image.workdir, step.target));
  for (const source of step.sources.map((path) => join(origin, path))) {
    if (statSync(source).isDirectory()) {
      makeFolder(target);
      // Keeps owners and modes, of which cpSync loses the sticky bit.
      execFileSync('cp', ['-a', `${source}/.`, target]);
    } else {
      if (!step.target.endsWith('/')) throw new Error(`a target for files needs a slash: ${step.target}`);
      makeFolder(target);
      copyFileSync(source, join(target, basename(source)));
    }
  }
}

/** Where npm finds its registry on this machine; all else of the environment stays outside, as in a build. */
const inherited =
  /^(HOME|npm_config_(registry|userconfig|globalconfig|cafile)|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i;

function run(command: string, image: Image): void {
  const outside = Object.entries(process.env).filter(([name]) => inherited.test(name));
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  const { status, stderr, error } = spawnSync('sh', ['-c', `umask 022; ${command}`], {
    cwd: join(image.root, image.workdir),
    timeout: 60_000,
    env: { ...Object.fromEntries(outside), PATH: path, ...image.env },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`RUN ${command}\n${stderr}`, { cause: error });
}

function assertStoodForByThisNode(base: string): void {
  const [major] = process.versions.node.split('.');
  if (!new RegExp(`^node:${major}\\.\\d+\\.\\d+-bookworm-slim@sha256:`).test(base)) {
    throw new Error(`Node ${process.version} can't stand for the base image ${base}`);
  }
}

/** Whatever this process's umask, as an engine makes them. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
  chmodSync(path, 0o755);
}
