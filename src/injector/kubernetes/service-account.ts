import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ServiceAccount {
  /** Read at each call: the kubelet replaces the token long before it expires. */
  token(): Promise<string>;
  /** The authority of the API server, in PEM. */
  authority(): Promise<string>;
  namespace(): Promise<string>;
}

/** What Kubernetes mounts into each pod that asks for it. */
export function readServiceAccount(folder: string): ServiceAccount {
  const read = async (name: string): Promise<string> => {
    try {
      return (await readFile(join(folder, name), 'utf8')).trim();
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new Error(
        `injector.serviceAccountDir: ${join(folder, name)} can't be read (${code}); the pod needs automountServiceAccountToken`,
        { cause },
      );
    }
  };
  return {
    token: () => read('token'),
    authority: () => read('ca.crt'),
    namespace: () => read('namespace'),
  };
}
