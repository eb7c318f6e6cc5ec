import { type Logger, pino } from 'pino';

export interface LogSink {
  readonly log: Logger;
  /** Writes out what is still held, now. */
  flush(): void;
  /** Writes out what is still held and ends the log, or gives up if nobody reads it. */
  close(): Promise<void>;
}

/** Lines are gathered and written together: this many bytes, or what came in this time. */
const batchBytes = 16_000;
const batchMs = 100;
/** Lines are dropped while a reader of the output is stuck, rather than held until memory ends. */
const maxHeldBytes = 16 * 1024 * 1024;
/** How long the end of the process waits for such a reader. */
const closeTimeoutMs = 1000;

/**
 * JSON lines on standard output. Written in the background, so that a slow reader of the pipe never blocks
 * the event loop. Callers log ids, names, counts and durations, never headers or bodies.
 */
export function createLogger(level: string, fileDescriptor: number): LogSink {
  const destination = pino.destination({
    fd: fileDescriptor,
    sync: false,
    minLength: batchBytes,
    periodicFlush: batchMs,
    maxLength: maxHeldBytes,
  });
  const log = pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    log,
    flush: () => destination.flushSync(),
    close: () =>
      new Promise((resolve) => {
        // What is still under way when the process ends may fail, and must not fail again at telling so.
        log.level = 'silent';
        const givingUp = setTimeout(done, closeTimeoutMs);
        destination.once('close', done);
        destination.once('error', done);
        destination.end();
        function done(): void {
          clearTimeout(givingUp);
          // Else pino would flush again when the process exits, and wait without end for a reader.
          destination.destroy();
          resolve();
        }
      }),
  };
}
