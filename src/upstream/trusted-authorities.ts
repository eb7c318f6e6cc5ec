import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';

/**
 * The authorities that may vouch for the upstream: the well-known ones and those of a PEM file. Throws if the
 * file can't be read or begins with no certificate, which TLS itself would only tell of at each connection.
 */
export function trustedAuthorities(caFile: string): string[] {
  try {
    const pem = readFileSync(caFile, 'utf8');
    void new X509Certificate(pem);
    return [...getCACertificates('default'), pem];
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`upstream.caFile: ${caFile} can't be read as PEM certificates (${code})`, { cause });
  }
}
