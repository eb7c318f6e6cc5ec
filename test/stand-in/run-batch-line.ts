import { ApiError } from './api-error.ts';
import type { BatchLine, LineResult } from './batches.ts';
import type { Call } from './call.ts';
import type { Mint } from './mint.ts';
import type { TokenUsage } from './model.ts';
import { createRouter, stripPrefix, type Route } from './router.ts';

/** Runs a batch's lines through the very routes that serve single requests. */
export function lineRunner(routes: Route[]): (line: BatchLine, mint: Mint) => Promise<LineResult> {
  const findRoute = createRouter(routes);
  return async (line, mint) => {
    const path = stripPrefix(line.url)?.path ?? '';
    const match = findRoute(line.method, path);
    let usage: TokenUsage | undefined;
    const call: Call = {
      params: match?.params ?? {},
      query: new URLSearchParams(),
      headers: {},
      deployment: undefined,
      mint,
      mintFor: () => mint,
      signal: new AbortController().signal,
      json: <T extends object>() => line.body as T,
      parts: () => {
        throw new ApiError(400, 'A batch has no multipart requests.');
      },
      bill: (spent) => {
        usage = spent;
      },
    };
    try {
      if (!match) throw new ApiError(404, `Invalid URL (${line.method} ${line.url})`);
      const reply = await match.route.handle(call);
      return { status: reply.status, body: JSON.parse(String(reply.body)), usage };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { status: error.status, body: error.body, usage };
    }
  };
}
