/** The keys of traces. Nothing of them is loaded as long as `otlpEndpoint` is empty. */
import { checkedText, flag, number, optionalBaseUrl, text } from './fields.ts';

export const traceKeys = {
  otlpEndpoint: optionalBaseUrl(
    'Collector that traces are sent to as OTLP over HTTP, to `/v1/traces` below it, say `http://127.0.0.1:4318`; empty: none are made.',
  ),
  otlpHeaders: checkedText(
    'Headers sent to the collector, as `name=value`, separated by commas.',
    isHeaderList,
    'must be name=value, separated by commas, of printable ASCII without spaces',
    { default: '', secret: true },
  ),
  otlpHeadersFile: text('', 'File that holds them; read again when it changes, and wins over `otlpHeaders`.'),
  sampleRatio: number(
    1,
    'Share of the traces that begin here that are sent, 0 to 1; the caller of a trace that began elsewhere has decided, and requests that failed are sent in any case.',
    { maximum: 1 },
  ),
  captureContent: flag(false, 'Whether traces tell what was asked and answered, as it is behind redaction.'),
};

/** Of values the first `=` alone divides. */
function isHeaderList(list: string): boolean {
  return (
    list === '' || list.split(',').every((each) => /^[\w!#$%&'*+.^`|~-]+=[\x21-\x2b\x2d-\x7e]*$/.test(each))
  );
}
