import { type Exchange, type Headers, type Policy, type Sink, through } from '../exchange.ts';
import { askForUsage } from '../openai/ask-for-usage.ts';
import { createUsageHider } from '../openai/hide-usage.ts';
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
    const { headers } = reply;
    const contentType = headers['content-type']?.toString();
    const reader = createUsageReader(exchange.operation, contentType);
    // Compressed bytes, which nobody asked for, tell nothing, and would be held back for the end of an event.
    if (!reader || reply.status >= 400 || isCompressed(headers)) return reply;
    const hides = asking !== undefined && contentType?.startsWith('text/event-stream') === true;
    return {
      ...reply,
      headers: hides ? withoutLength(headers) : headers,
      body: through(reply.body, (sink) => (hides ? readAndHide(reader, sink) : readInto(reader, sink))),
      finished: reply.finished.then((outcome) => ({ ...outcome, ...reader.end() })),
    };
  };
}

/** That which it has is with the usage. */
function withoutLength({ 'content-length': _length, ...headers }: Headers): Headers {
  return headers;
}

function isCompressed({ 'content-encoding': encoding = 'identity' }: Headers): boolean {
  return encoding !== 'identity';
}

function askingExchange(exchange: Exchange): Exchange | undefined {
  const { body, operation } = exchange;
  const isCompletion = operation.usage === 'chatCompletion' || operation.usage === 'completion';
  if (!isCompletion || body.kind !== 'json') return undefined;
  const asking = askForUsage(body);
  return asking && { ...exchange, body: { kind: 'json', ...asking } };
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

function readAndHide(reader: UsageReader, sink: Sink): Sink {
  const hider = createUsageHider(reader.read);
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
