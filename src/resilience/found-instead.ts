import { ProxyError, errorBody } from '../errors.ts';
import type { Exchange, Reply } from '../exchange.ts';
import { isStreamed } from '../openai/is-streamed.ts';
import type { Found } from './find-generation.ts';

/**
 * What the caller gets of a generation whose answer broke off, and that the upstream has: that answer. A stream can't be
 * told again, so its caller hears where the answer is. Either way it is charged what it used.
 */
export function foundInstead(
  { body, query }: Exchange,
  { id, answer }: Extract<Found, { state: 'ran' }>,
): Reply {
  if (!isStreamed(body.kind === 'json' ? body.value : undefined, query)) return answer;
  const error = new ProxyError('upstream_unreachable', {
    message: `The upstream broke off before its stream had begun, but has the answer: retrieve ${id}.`,
  });
  const bytes = Buffer.from(errorBody(error));
  return {
    status: error.status,
    headers: {
      'content-type': 'application/json',
      'content-length': String(bytes.length),
      'x-should-retry': 'false',
    },
    body(sink) {
      const flow = answer.body({ write: () => true, end() {}, fail() {} });
      sink.write(bytes);
      sink.end();
      return flow;
    },
    finished: answer.finished,
  };
}
