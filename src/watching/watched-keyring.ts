import { type Keyring, noKeys, parseKeyring } from '../sealing/keyring.ts';
import { type Watched, watchContent } from './watched-file.ts';

/** What is opened under the keys, which are watched until it is closed, or could not be opened. */
export function openUnder<Store extends { close(): Promise<void> }>(
  keyring: Watched<Keyring>,
  open: (read: () => Keyring) => Store,
): Store {
  try {
    const store = open(keyring.read);
    return {
      ...store,
      async close() {
        keyring.close();
        await store.close();
      },
    };
  } catch (error) {
    keyring.close();
    throw error;
  }
}

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
