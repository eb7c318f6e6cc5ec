import type { Exchange, Policy, Reply } from '../../src/exchange.ts';

/** What a policy hands on of an exchange, with nothing behind it. Rejects as the policy does. */
export async function passedOn(policy: Policy, exchange: Exchange): Promise<Exchange> {
  let passed: Exchange | undefined;
  await policy(async (given) => {
    passed = given;
    return emptyReply;
  })(exchange);
  if (passed === undefined) throw new Error('the policy answered by itself');
  return passed;
}

const emptyReply: Reply = {
  status: 204,
  headers: {},
  body(sink) {
    sink.end();
    return { resume() {}, leave() {} };
  },
  finished: Promise.resolve({ ending: 'complete', bodyBytes: 0 }),
};
