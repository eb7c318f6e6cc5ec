import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { TLSSocket } from 'node:tls';

/** undici tells of every connection here, also of those that lead through a proxy. */
const channel = 'undici:client:connected';

interface Connected {
  readonly connectParams: { readonly protocol: string; readonly host: string };
  readonly socket: unknown;
}

/**
 * Tells when the certificates of https upstreams expire, in Unix milliseconds, as they show them.
 *
 * @param names what each upstream is called, by its origin.
 * @returns stops that.
 */
export function watchCertificates(
  names: ReadonlyMap<string, string>,
  onSeen: (name: string, expiresAtMs: number) => void,
): () => void {
  subscribe(channel, onConnected);
  return () => void unsubscribe(channel, onConnected);

  function onConnected(message: unknown): void {
    const { connectParams, socket } = message as Connected;
    if (!(socket instanceof TLSSocket)) return;
    const name = names.get(`${connectParams.protocol}//${connectParams.host}`);
    const expiresAtMs = Date.parse(socket.getPeerCertificate().valid_to);
    if (name !== undefined && !Number.isNaN(expiresAtMs)) onSeen(name, expiresAtMs);
  }
}
