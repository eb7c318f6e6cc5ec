/**
 * An application in a container: it streams one chat completion after another from OPENAI_BASE_URL. On SIGTERM it reads the
 * one that runs to its end, makes one more call, and ends; with `--abandon` it ends at once, in the middle. It writes a
 * line of JSON when the first stream has begun, and one at its end.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const { OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: apiKey } = process.env;
const mayAbandon = process.argv.includes('--abandon');

const stopping = new AbortController();
let hasBegun = false;
const told = { whole: 0, broken: 0, tokens: 0, problem: '' };
process.once('SIGTERM', () => {
  stopping.abort();
  if (mayAbandon) end();
});

while (!stopping.signal.aborted) await stream();
await stream();
end();

function end(): never {
  console.log(JSON.stringify(told));
  process.exit(0);
}

async function stream(): Promise<void> {
  try {
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'gpt-4o-mini',
        stream: true,
        stream_options: { include_usage: true },
        messages: [{ role: 'user', content: 'Say something long about rivers.' }],
      }),
    });
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      if (!hasBegun) console.log(JSON.stringify({ streaming: response.status }));
      hasBegun = true;
      text += chunk;
    }
    const [, tokens] = /"total_tokens":(\d+)/.exec(text) ?? [];
    if (response.status !== 200 || tokens === undefined || !text.endsWith('data: [DONE]\n\n')) {
      throw new Error(`${response.status} ${text.slice(-200)}`);
    }
    told.whole += 1;
    told.tokens += Number(tokens);
  } catch (error) {
    // A plain sidecar starts with the application, and not before it.
    if (!hasBegun) return void (await sleep(100));
    told.broken += 1;
    told.problem = String(error);
  }
}
