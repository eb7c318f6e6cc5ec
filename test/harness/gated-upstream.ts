import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';

import { until } from './redis.ts';
import { type Upstream, readText, startUpstream } from './upstream.ts';

/** A call that waits for its answer. */
export interface Arrival {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body's bytes, as they came. */
  readonly text: string;
  readonly response: ServerResponse;
  /** Answers a chat completion with this usage, written as JSON. */
  answer(usageJson?: string): void;
}

export interface GatedUpstream extends Upstream {
  /** In the order in which they came. */
  readonly arrivals: readonly Arrival[];
  /** Waits until so many calls have come, and hands out the last of them. */
  arrival(count: number): Promise<Arrival>;
}

/** An upstream that answers nothing before the test says so. */
export async function startGatedUpstream(t: TestContext): Promise<GatedUpstream> {
  const arrivals: Arrival[] = [];
  const upstream = await startUpstream(t, async (request, response) => {
    const text = await readText(request);
    const { url: path = '', headers } = request;
    arrivals.push({ path, headers, text, response, answer: (usage) => answerChat(response, usage) });
  });
  return {
    ...upstream,
    arrivals,
    async arrival(count) {
      await until(async () => arrivals.length >= count);
      return arrivals[count - 1]!;
    },
  };
}

export const plainUsage = '{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}';

function answerChat(response: ServerResponse, usageJson = plainUsage): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(`{"id":"chatcmpl-1","object":"chat.completion","choices":[],"usage":${usageJson}}`);
}
