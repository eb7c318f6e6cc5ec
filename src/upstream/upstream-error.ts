import { CallerLeft, ProxyError } from '../errors.ts';

/**
 * What undici or the system reports before or within an answer, as an error from the table. `wasSent`: at least
 * the beginning of the request is on the wire.
 */
export function upstreamError(cause: Error, wasSent: boolean): Error {
  if (cause instanceof ProxyError) return cause;
  if (cause instanceof CallerLeft) return wasSent ? new CallerLeft(true) : cause;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new ProxyError('upstream_timeout', { cause, mayHaveRun: true });
  }
  // A proxy of an http upstream that wants other credentials; undici has no code of its own for it.
  if (cause.message.startsWith('Proxy Authentication Required'))
    return unreachable(cause, proxyRefused, false);
  if (code === 'UND_ERR_INVALID_ARG') return new ProxyError('malformed_request', { cause });
  return unreachable(cause, reasons[code], wasSent);
}

function unreachable(cause: Error, reason: string | undefined, mayHaveRun: boolean): ProxyError {
  return new ProxyError('upstream_unreachable', {
    cause,
    mayHaveRun,
    ...(reason === undefined ? {} : { message: `The upstream could not be reached: ${reason}` }),
  });
}

const proxyRefused =
  'the proxy refused to pass the request on. Check upstream.httpsProxy, upstream.httpProxy and their credentials.';

/** The usual reasons, with what to do about them. Addresses stay out: the caller has no use for them. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refused the connection. Check that it runs, and upstream.baseUrl.',
  ENOTFOUND: 'its host name is not known. Check upstream.baseUrl and the cluster DNS.',
  EAI_AGAIN: 'its host name could not be looked up. Check the cluster DNS.',
  UND_ERR_CONNECT_TIMEOUT:
    'it did not accept the connection in time. Check network policies and upstream.httpsProxy.',
  CERT_HAS_EXPIRED: 'its certificate has expired.',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted. Name its authority in upstream.caFile.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted. Name its authority in upstream.caFile.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted. Name its authority in upstream.caFile.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not trusted. Name its authority in upstream.caFile.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name. Check upstream.baseUrl.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS. Check the scheme of upstream.baseUrl.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS. Check the scheme of upstream.baseUrl.',
  UND_ERR_ABORTED: proxyRefused,
  UND_ERR_SOCKET: 'it closed the connection before it answered.',
  ECONNRESET: 'it closed the connection before it answered.',
};
