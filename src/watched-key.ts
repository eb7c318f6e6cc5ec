import { readFileSync, unwatchFile, watchFile } from 'node:fs';

export interface WatchedKey {
  read(): string;
  close(): void;
}

interface KeyFile {
  readonly file: string;
  /** The key of the configuration that names the file, for messages. */
  readonly path: string;
  readonly minLength: number;
}

/** How soon a rotated key is noticed. The kubelet itself takes up to a minute to write it. */
const pollMs = 1000;

/**
 * A key kept in a file, read again when the file changes. Polls, because Kubernetes rotates a Secret by
 * swapping a symbolic link, which file events don't see. While the file holds no key the last one stays in
 * use; at the start that is an error.
 */
export function watchKeyFile(keyFile: KeyFile, onProblem: (error: Error) => void): WatchedKey {
  const { file } = keyFile;
  let key = readKey(keyFile);
  watchFile(file, { interval: pollMs, persistent: false }, reread);
  // The watch compares with what it finds first, a little later: a change before that it never sees.
  const secondLook = setTimeout(reread, pollMs).unref();
  function reread(): void {
    try {
      key = readKey(keyFile);
    } catch (error) {
      onProblem(error as Error);
    }
  }
  return {
    read: () => key,
    close() {
      clearTimeout(secondLook);
      unwatchFile(file, reread);
    },
  };
}

export function fixedKey(key: string): WatchedKey {
  return { read: () => key, close: () => {} };
}

/** Errors name the file, and never quote from it. */
function readKey({ file, path, minLength }: KeyFile): string {
  const key = readText(file, path).trim();
  if (key === '') throw new Error(`${path}: ${file} is empty`);
  // Anything else can't be sent as a header.
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new Error(`${path}: ${file} must hold one line of printable ASCII without spaces`);
  }
  if (key.length < minLength) throw new Error(`${path}: ${file} must hold ${minLength} characters or more`);
  return key;
}

function readText(file: string, path: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`${path}: ${file} can't be read (${code})`, { cause });
  }
}
