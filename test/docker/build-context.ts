import { copyFileSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Copies what a build may see of a folder, by the rules of its .dockerignore, into an empty one. */
export function copyBuildContext(folder: string, target: string): void {
  const isIgnored = parseDockerignore(readFileSync(join(folder, '.dockerignore'), 'utf8'));
  for (const path of visibleFiles(folder, '', isIgnored)) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    copyFileSync(join(folder, path), join(target, path));
  }
}

function* visibleFiles(
  folder: string,
  below: string,
  isIgnored: (path: string) => boolean,
): Generator<string> {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    // Neither is ever let in again by a later pattern, and both are big.
    if (path === 'node_modules' || path === '.git') continue;
    if (entry.isDirectory()) yield* visibleFiles(folder, path, isIgnored);
    else if (!isIgnored(path)) yield path;
  }
}

/**
 * The last pattern that matches a path, or a folder above it, decides; `!` lets it in again. Throws on syntax
 * that this project doesn't use.
 */
export function parseDockerignore(text: string): (path: string) => boolean {
  const patterns = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, exception, pattern = ''] = /^(!)?([\w./*-]+)$/.exec(line) ?? [];
      if (pattern === '' || pattern.includes('**')) throw new Error(`not understood: ${line}`);
      const expression = pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*');
      return { ignores: exception === undefined, matches: new RegExp(`^${expression}(/|$)`) };
    });
  return (path) => patterns.findLast(({ matches }) => matches.test(path))?.ignores ?? false;
}
