import { readFile } from 'node:fs/promises';

import { type CertificateSource, readServing } from './certificate-source.ts';

/** A certificate that somebody else looks after, such as cert-manager, and mounts as files. */
export function createFileCertificate(certificateFile: string, keyFile: string): CertificateSource {
  return {
    async refresh() {
      const [certificate, key] = await Promise.all([
        read('injector.certificateFile', certificateFile),
        read('injector.keyFile', keyFile),
      ]);
      try {
        return readServing(certificate, key);
      } catch (cause) {
        // Half of a change, perhaps; it is read again soon.
        const message = `${certificateFile} and ${keyFile} are no certificate and its key`;
        throw new Error(message, { cause });
      }
    },
    async close() {},
  };
}

async function read(path: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`${path}: ${file} can't be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}
