import { type DestinationStream, type Logger, pino } from 'pino';

import { type FileAppender, appendToFile } from './append-file.ts';
import type { Audit } from './audit.ts';

export interface LogSink {
  readonly log: Logger;
  /** One request's line. */
  readonly logRequest: LogRequest;
  /** Written at any log level, since nobody should miss these. */
  readonly audit: Audit;
  /** Tells of each number of lines that was dropped, and at once of what was dropped before. */
  tellDropped(listener: (lines: number) => void): void;
  /** Writes out what is still held, now; not what goes to the audit file. */
  flush(): void;
  /** Writes out what is still held and ends the log, or gives up if nobody reads it. */
  close(): Promise<void>;
}

/**
 * As `log` would with the message `request`, but several times quicker: these are nearly all lines.
 *
 * @param fields plain, at least one; undefined ones are left out.
 */
export type LogRequest = (level: 'info' | 'warn', fields: object) => void;

/** Lines are gathered and written together: this many bytes, or what came in this time. */
const batchBytes = 16_000;
const batchMs = 100;
/** Lines are dropped while a reader of the output is stuck, rather than held until memory ends. */
const maxHeldBytes = 16 * 1024 * 1024;
/** How long the end of the process waits for such a reader. */
const closeTimeoutMs = 1000;

const format = { formatters: { level: (label: string) => ({ level: label }) } };

/**
 * JSON lines on standard output. Written in the background, so that a slow reader of the pipe never blocks
 * the event loop. Callers log ids, names, counts and durations, never headers or bodies.
 *
 * @param auditFile where audited events go; empty: with the other lines. Throws an Error that says what to do if it
 * can't be written to.
 */
export function createLogger(level: string, fileDescriptor: number, auditFile = ''): LogSink {
  let dropped = 0;
  let onDropped = (lines: number): void => void (dropped += lines);
  const output = openOutput(fileDescriptor, (lines) => onDropped(lines));
  const gathered = gatherLines((lines) => void output.write(lines));
  // By which pino writes out what is left when the process exits: the last lines may tell why it does.
  const flushOutput = output.flushSync.bind(output);
  output.flushSync = () => {
    gathered.flush();
    flushOutput();
  };
  const log = pino({ ...format, level, base: null }, { write: gathered.add });
  const appender = auditFile === '' ? undefined : appendAudits();
  const auditLog = pino(
    { ...format, level: 'info', base: { audit: true } },
    appender ?? { write: gathered.add },
  );
  let isClosed = false;
  return {
    log,
    logRequest(requestLevel, fields) {
      if (!log.isLevelEnabled(requestLevel)) return;
      const members = JSON.stringify(fields).slice(1, -1);
      gathered.add(`{"level":"${requestLevel}","time":${Date.now()},${members},"msg":"request"}\n`);
    },
    audit(event, fields) {
      if (!isClosed) auditLog.info({ event, ...fields }, 'audit');
    },
    tellDropped(listener) {
      onDropped = listener;
      if (dropped > 0) listener(dropped);
    },
    flush: () => output.flushSync(),
    async close() {
      isClosed = true;
      if (appender) await appender.close();
      // What is still under way when the process ends may fail, and must not fail again at telling so.
      log.level = 'silent';
      gathered.flush();
      await closeOutput(output);
    },
  };

  function appendAudits(): FileAppender {
    return appendToFile(auditFile, {
      onDropped: () => onDropped(1),
      onProblem: ({ message }) =>
        log.error({ cause: message }, 'the audit file can not be written to; its lines are held'),
    });
  }
}

type Output = DestinationStream & ReturnType<typeof pino.destination>;

/** Puts the lines of one turn of the event loop together, since each write to `output` measures all that it holds. */
function gatherLines(write: (lines: string) => void): { add(line: string): void; flush(): void } {
  let held = '';
  return { add, flush };

  function add(line: string): void {
    if (held === '') setImmediate(flush);
    held += line;
    if (held.length >= batchBytes) flush();
  }

  function flush(): void {
    if (held === '') return;
    const lines = held;
    held = '';
    write(lines);
  }
}

function openOutput(fileDescriptor: number, onDropped: (lines: number) => void): Output {
  const output = pino.destination({
    fd: fileDescriptor,
    sync: false,
    minLength: batchBytes,
    periodicFlush: batchMs,
    maxLength: maxHeldBytes,
  });
  output.on('drop', (lines: string) => onDropped(countLines(lines)));
  // A full disk behind the output: what is held is tried again, and must not end the process.
  output.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') return;
    // Nobody will ever read it.
    output.write = (lines: string) => {
      onDropped(countLines(lines));
      return true;
    };
  });
  return output;
}

function countLines(lines: string): number {
  return lines.split('\n').length - 1;
}

function closeOutput(output: Output): Promise<void> {
  return new Promise((resolve) => {
    const givingUp = setTimeout(done, closeTimeoutMs);
    output.once('close', done);
    output.once('error', done);
    output.end();
    function done(): void {
      clearTimeout(givingUp);
      // Else pino would flush again when the process exits, and wait without end for a reader.
      output.destroy();
      resolve();
    }
  });
}
