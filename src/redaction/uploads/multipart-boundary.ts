import { ProxyError } from '../../errors.ts';

/**
 * The boundary that a `multipart/form-data` content type names. Throws `malformed_multipart` if there is none, or one
 * that RFC 2046 has no room for.
 */
export function multipartBoundary(contentType: string): string {
  const found = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]*)"|([^\s;"]*))\s*(?:;|$)/i.exec(
    contentType,
  );
  const boundary = found?.[1] ?? found?.[2] ?? '';
  if (!/^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(boundary)) {
    throw new ProxyError('malformed_multipart', {
      message: 'The content type must be multipart/form-data with a boundary of 1 to 70 characters.',
    });
  }
  return boundary;
}
