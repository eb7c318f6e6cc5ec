import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** What a server shows: a chain and its key, in PEM. */
export interface ServingCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly startsAtUnixMs: number;
  readonly expiresAtUnixMs: number;
}

/** Asked every few seconds. */
export interface CertificateSource {
  /** Undefined while there is none. Rejects if it can't be told; the last one is then still in use. */
  refresh(): Promise<ServingCertificate | undefined>;
  /** Lets another injector look after the certificate. */
  close(): Promise<void>;
}

/** Throws if these are no certificate and its key. */
export function readServing(certificate: string, key: string): ServingCertificate {
  createSecureContext({ cert: certificate, key });
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return {
    certificate,
    key,
    startsAtUnixMs: validFromDate.getTime(),
    expiresAtUnixMs: validToDate.getTime(),
  };
}
