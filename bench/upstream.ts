/** An upstream that costs next to nothing: one ready answer for JSON, one for streams. */
import { createServer } from 'node:http';

import { listening } from './listening.ts';

const events = Number(process.env['BENCH_STREAM_EVENTS'] ?? 64);
const usage = { prompt_tokens: 420, completion_tokens: 128, total_tokens: 548 };
const base = {
  id: 'chatcmpl-bench',
  created: 1_780_000_000,
  model: 'gpt-4o-2024-08-06',
  system_fingerprint: 'fp_bench',
};
const answer = Buffer.from(
  JSON.stringify({
    ...base,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'word '.repeat(128), refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      ...usage,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  }),
);
const chunk = (choices: unknown[], withUsage: unknown) =>
  Buffer.from(
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices, usage: withUsage })}\n\n`,
  );
const delta = chunk([{ index: 0, delta: { content: 'word ' }, logprobs: null, finish_reason: null }], null);
const last = Buffer.concat([chunk([], usage), Buffer.from('data: [DONE]\n\n')]);

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    // It is a collector of traces, too.
    if (request.url === '/v1/traces') return response.end();
    if (request.url !== '/v1/chat/completions') return response.writeHead(404).end();
    if (request.headers['accept'] !== 'text/event-stream') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
      return response.end(answer);
    }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    let sent = 0;
    const send = () => {
      if (sent === events) return response.end(last);
      sent += 1;
      response.write(delta);
      return setImmediate(send);
    };
    return send();
  });
});
listening(server, '/v1');
