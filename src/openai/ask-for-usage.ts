import { isRecord } from './is-record.ts';
import { type ParsedBody, withMember } from './with-member.ts';

/**
 * The body that asks a stream of Chat Completions, or of legacy Completions, for its usage. Undefined if there
 * is nothing to ask: it is no stream, it asks already, or its `stream_options` are none, which the upstream
 * will say better.
 */
export function askForUsage({ bytes, value }: ParsedBody): ParsedBody | undefined {
  if (!isRecord(value) || value['stream'] !== true) return undefined;
  const options = value['stream_options'] ?? {};
  if (!isRecord(options) || options['include_usage'] === true) return undefined;
  const asking = { ...options, include_usage: true };
  return {
    bytes: withMember(bytes, 'stream_options', JSON.stringify(asking)),
    value: { ...value, stream_options: asking },
  };
}
