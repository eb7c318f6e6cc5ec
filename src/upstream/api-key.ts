import { readFileSync, unwatchFile, watchFile } from 'node:fs';

export interface WatchedKey {
  read(): string;
  close(): void;
}

/** How soon a rotated key is noticed. The kubelet itself takes up to a minute to write it. */
const pollMs = 1000;

/**
 * A key kept in a file, read again when the file changes. Polls, because Kubernetes rotates a Secret by
 * swapping a symbolic link, which file events don't see. While the file is missing or empty the last key
 * stays in use; at the start that is an error.
 */
export function watchKeyFile(file: string, onProblem: (error: Error) => void): WatchedKey {
  let key = readKey(file);
  watchFile(file, { interval: pollMs, persistent: false }, reread);
  function reread(): void {
    try {
      key = readKey(file);
    } catch (error) {
      onProblem(error as Error);
    }
  }
  return { read: () => key, close: () => unwatchFile(file, reread) };
}

export function fixedKey(key: string): WatchedKey {
  return { read: () => key, close: () => {} };
}

function readKey(file: string): string {
  const key = readFileSync(file, 'utf8').trim();
  if (key === '') throw new Error(`${file} is empty; the upstream's key is expected in it`);
  return key;
}
