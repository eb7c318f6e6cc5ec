import type { Document } from '../assistants/store/store.ts';
import { garbage } from './reply-reader.ts';

/** Reads ids with their versions and bodies. Throws `StoreUnavailable` at whatever isn't as it must be. */
export function readDocuments(parts: readonly unknown[]): (Document | undefined)[] {
  if (parts.length % 3 !== 0) throw garbage();
  return Array.from({ length: parts.length / 3 }, (_, index) => {
    const [id, version, body] = parts.slice(3 * index, 3 * index + 3);
    if (version === null && body === null) return undefined;
    return { id: readText(id), version: readVersion(version), body: readText(body) };
  });
}

/** The same where all of them must be there. */
export function readPresentDocuments(parts: readonly unknown[]): Document[] {
  return readDocuments(parts).map((document) => {
    if (document === undefined) throw garbage();
    return document;
  });
}

/** Throws `StoreUnavailable` if anything is no text. */
export function readTexts(parts: readonly unknown[]): string[] {
  return parts.map(readText);
}

function readText(part: unknown): string {
  if (!Buffer.isBuffer(part)) throw garbage();
  return part.toString();
}

function readVersion(part: unknown): number {
  const version = Number(readText(part));
  if (!Number.isSafeInteger(version) || version < 1) throw garbage();
  return version;
}
