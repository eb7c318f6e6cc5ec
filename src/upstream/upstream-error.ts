import { CallerLeft, ProxyError } from '../errors.ts';

/** What undici or the system reports before there is an answer, as an error from the table. */
export function upstreamError(cause: Error): Error {
  if (cause instanceof ProxyError || cause instanceof CallerLeft) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return new ProxyError('upstream_timeout', { cause });
  const isProxyRefusal = cause.message.startsWith('Proxy Authentication Required');
  if (code === 'UND_ERR_INVALID_ARG' && !isProxyRefusal)
    return new ProxyError('malformed_request', { cause });
  const reason = isProxyRefusal
    ? 'its proxy wants other credentials. Check upstream.httpProxy.'
    : reasons[code];
  return new ProxyError('upstream_unreachable', {
    cause,
    ...(reason === undefined ? {} : { message: `The upstream could not be reached: ${reason}` }),
  });
}

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
  UND_ERR_SOCKET: 'it closed the connection before it answered.',
  ECONNRESET: 'it closed the connection before it answered.',
};
