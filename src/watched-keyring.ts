import { type Keyring, noKeys, parseKeyring } from './sealing/keyring.ts';
import { type Watched, watchContent } from './watched-file.ts';

/**
 * The keys that a file holds, read again when it changes; none if there is no file (an empty name). What is wrong
 * with it then goes to `onProblem`, and the last keys stay in use; at the start that is thrown.
 */
export function watchKeyring(
  file: string,
  onProblem: (error: Error) => void,
  path = 'store.encryptionKeyFile',
): Watched<Keyring> {
  if (file === '') return { read: () => noKeys, close() {} };
  return watchContent({ file, path }, (text) => parseKeyring(text, `${path}: ${file}`), onProblem);
}
