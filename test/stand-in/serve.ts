/**
 * Runs the stand-in as a process of its own: `node test/stand-in/serve.ts --port 0 [--deterministic]
 * [--assistants live] [--chunk-delay-ms 5] [--api-key sk-...] [--lists-responses] [--fail-share 0.3 [--seed 1]]`. Prints one line of JSON, `{"url": "..."}`, when
 * it listens, and another, `{"maxRssKiB": ...}`, at its end. Ends on SIGTERM, SIGINT, and when its standard input is a pipe
 * and ends, which it does with the parent.
 */
import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { seededRandom } from '../chaos/seeded-random.ts';
import { startStandIn } from './stand-in.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    deterministic: { type: 'boolean', default: false },
    assistants: { type: 'string', default: 'retired' },
    'chunk-delay-ms': { type: 'string', default: '0' },
    'api-key': { type: 'string', default: 'sk-stand-in' },
    'lists-responses': { type: 'boolean', default: false },
    'fail-share': { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
  },
});

const standIn = await startStandIn({
  port: Number(values.port),
  deterministic: values.deterministic,
  assistants: values.assistants === 'live' ? 'live' : 'retired',
  chunkDelayMs: Number(values['chunk-delay-ms']),
  apiKey: values['api-key'],
  listsResponses: values['lists-responses'],
  failures: { share: Number(values['fail-share']), random: seededRandom(Number(values.seed)) },
  keepRequests: 100,
});
process.stdout.write(`${JSON.stringify({ url: standIn.url })}\n`);

const stop = async () => {
  await standIn.close();
  process.stdout.write(`${JSON.stringify({ maxRssKiB: process.resourceUsage().maxRSS })}\n`, () =>
    process.exit(0),
  );
};
process.once('SIGTERM', () => void stop()).once('SIGINT', () => void stop());
const standardInput = fstatSync(0);
if (standardInput.isFIFO() || standardInput.isSocket()) process.stdin.once('end', () => void stop()).resume();
