import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';

import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  cryptoProvider,
} from '@peculiar/x509';

/** Both in PEM; the key in PKCS #8. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

interface Validity {
  readonly nowMs: number;
  readonly days: number;
}

const curve = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** The API server's clock may be behind ours. */
export const backdatedMs = 3_600_000;

const dayMs = 86_400_000;

/** A new authority. Its name is its own, so that two of them are never taken for each other. */
export async function issueAuthority({ nowMs, days }: Validity): Promise<KeyPair> {
  const keys = await newKeys();
  const serialNumber = newSerialNumber();
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber,
      name: `CN=assistant-proxy-injector-ca-${serialNumber.slice(0, 12)}`,
      notBefore: new Date(nowMs - backdatedMs),
      notAfter: new Date(nowMs + days * dayMs),
      keys,
      signingAlgorithm: signing,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    webcrypto,
  );
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** A certificate for a server of these names, which ends with its authority at the latest. */
export async function issueServing(
  authority: KeyPair,
  names: readonly string[],
  { nowMs, days }: Validity,
): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.certificate);
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: newSerialNumber(),
      subject: 'CN=assistant-proxy-injector',
      issuer: issuer.subject,
      notBefore: new Date(nowMs - backdatedMs),
      notAfter: new Date(Math.min(nowMs + days * dayMs, issuer.notAfter.getTime())),
      publicKey: keys.publicKey,
      signingKey: await importKey(authority.key),
      signingAlgorithm: signing,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
      ],
    },
    webcrypto,
  );
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

function newKeys() {
  cryptoProvider.set(webcrypto);
  return webcrypto.subtle.generateKey(curve, true, ['sign', 'verify']);
}

/** 127 bits, and positive, as RFC 5280 wants it. */
function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), curve, false, ['sign']);
}
