import { type Watched, watchContent } from './watched-file.ts';

export type WatchedKey = Watched<string>;

interface KeyFile {
  readonly file: string;
  /** The key of the configuration that names the file, for messages. */
  readonly path: string;
  readonly minLength: number;
}

/**
 * A key kept in a file, read again when the file changes. While the file holds no key the last one stays in
 * use; at the start that is an error.
 */
export function watchKeyFile(keyFile: KeyFile, onProblem: (error: Error) => void): WatchedKey {
  return watchContent(keyFile, (text) => readKey(text, keyFile), onProblem);
}

export function fixedKey(key: string): WatchedKey {
  return { read: () => key, close: () => {} };
}

/** Errors name the file, and never quote from it. */
function readKey(text: string, { file, path, minLength }: KeyFile): string {
  const key = text.trim();
  if (key === '') throw new Error(`${path}: ${file} is empty`);
  // Anything else can't be sent as a header.
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new Error(`${path}: ${file} must hold one line of printable ASCII without spaces`);
  }
  if (key.length < minLength) throw new Error(`${path}: ${file} must hold ${minLength} characters or more`);
  return key;
}
