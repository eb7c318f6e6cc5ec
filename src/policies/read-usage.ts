import { type Exchange, type Policy, type Sink, jsonBody, through } from '../exchange.ts';
import { createUsageHider, withUsageAsked } from '../openai/ask-for-usage.ts';
import { type UsageReader, createUsageReader } from '../openai/read-usage.ts';

/**
 * Reads out of every answer what it used, while it passes. A chat stream tells its usage only when asked:
 * then the sidecar asks, and takes out again what the caller did not want to see.
 */
export function readUsage(): Policy {
  return (next) => async (exchange) => {
    if (exchange.operation.usage === null) return next(exchange);
    const asking = askingExchange(exchange);
    const reply = await next(asking ?? exchange);
    const contentType = reply.headers['content-type'];
    const reader = createUsageReader(exchange.operation, String(contentType ?? ''));
    if (!reader || reply.status >= 400) return reply;
    const hides = asking !== undefined && String(contentType).startsWith('text/event-stream');
    return {
      ...reply,
      headers: hides ? { ...reply.headers, 'content-length': undefined } : reply.headers,
      body: through(reply.body, (sink) => readInto(reader, hides ? hideUsage(sink) : sink)),
      finished: reply.finished.then((outcome) => {
        const { usage, model } = reader.end();
        return { ...outcome, ...(usage && { usage }), ...(model !== undefined && { model }) };
      }),
    };
  };
}

function askingExchange(exchange: Exchange): Exchange | undefined {
  if (exchange.body.kind !== 'json') return undefined;
  const asking = withUsageAsked(exchange.body.value);
  return asking && { ...exchange, body: jsonBody(asking) };
}

function readInto(reader: UsageReader, sink: Sink): Sink {
  return {
    write(chunk) {
      reader.push(chunk);
      return sink.write(chunk);
    },
    end: () => sink.end(),
    fail: (error) => sink.fail(error),
  };
}

function hideUsage(sink: Sink): Sink {
  const hider = createUsageHider();
  return {
    write: (chunk) => writeAll(sink, hider.push(chunk)),
    end() {
      writeAll(sink, hider.end());
      sink.end();
    },
    fail(error) {
      writeAll(sink, hider.end());
      sink.fail(error);
    },
  };
}

function writeAll(sink: Sink, chunks: readonly Uint8Array[]): boolean {
  let wantsMore = true;
  for (const chunk of chunks) wantsMore = sink.write(chunk);
  return wantsMore;
}
