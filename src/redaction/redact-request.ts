import type { Exchange } from '../exchange.ts';
import type { CallRedaction } from './call-redaction.ts';
import { maskAtOnce } from './find-at-once.ts';
import { findInJson } from './find-in-json.ts';
import { hideIdentity, hideInHeaders } from './hide-names.ts';
import { redactQuery } from './redact-query.ts';
import { refuseInPath } from './refuse-in-path.ts';
import { replaceAll } from './replace-findings.ts';
import { redactFiles } from './uploads/redact-files.ts';
import { redactUpload } from './uploads/redact-upload.ts';
import { isLeftInQuery, placeOf } from './where.ts';

/**
 * All that a call says, redacted. Throws `pii_blocked`, and what finding and replacing throw; what is wrong within a
 * body that is still on the wire ends its stream.
 */
export async function redactRequest(exchange: Exchange, call: CallRedaction): Promise<Exchange> {
  const { identity, operation } = exchange;
  const hidden = identity && hideIdentity(identity, call);
  exchange.record.identity = hidden;
  refuseInPath(exchange.path, call);
  const place = placeOf(operation);
  const isLeft = (name: string) => isLeftInQuery(operation, name);
  const headers = hideInHeaders(exchange.headers, call);
  const asked = {
    ...exchange,
    headers,
    ...(hidden && { identity: hidden }),
    query: redactQuery(exchange.query, isLeft, (text) => maskAtOnce(text, call)),
  };
  const { body } = asked;
  if (body.kind === 'unread') return redactUpload(asked, redactFiles(call));
  if (body.kind !== 'json') return asked;
  const { found, patch } = await findInJson(body.bytes, place, call);
  if (found.every(({ findings }) => findings.length === 0)) return asked;
  const bytes = patch(await replaceAll(found, call));
  if (!bytes) return asked;
  return { ...asked, body: { kind: 'json', bytes, value: JSON.parse(bytes.toString('utf8')) as unknown } };
}
