import type { Exchange } from '../exchange.ts';
import { isRecord } from '../openai/is-record.ts';

export interface OptOut {
  /** The call is to be left as it is. */
  readonly isOut: boolean;
  /** What in it is no personal data, says the caller, in lower case. */
  readonly allowed: ReadonlySet<string>;
}

const none: OptOut = { isOut: false, allowed: new Set() };

/**
 * What a caller may say where the configuration lets it, of its call or of the run that makes this one: `metadata.redact` of `"false"`, and `metadata.whitelist`, a
 * list of texts, or such a list as JSON or separated by commas, since the API's metadata are texts.
 */
export function readOptOut(
  { body, runMetadata }: Pick<Exchange, 'body' | 'runMetadata'>,
  optOut: 'allow' | 'deny',
): OptOut {
  if (optOut === 'deny') return none;
  const ofBody = body.kind === 'json' && isRecord(body.value) ? body.value['metadata'] : undefined;
  const metadata = runMetadata ?? ofBody;
  if (!isRecord(metadata)) return none;
  const redact = metadata['redact'];
  return {
    isOut: redact === false || redact === 'false',
    allowed: new Set(readList(metadata['whitelist']).map((text) => text.trim().toLowerCase())),
  };
}

function readList(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string');
  if (typeof value !== 'string' || value === '') return [];
  if (!value.startsWith('[')) return value.split(',');
  try {
    return readList(JSON.parse(value));
  } catch {
    return [];
  }
}
