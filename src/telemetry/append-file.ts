import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Where lines go that must not get lost while they can be kept. */
export interface FileAppender {
  /** A whole line, with its end. */
  write(line: string): void;
  /** Resolves when all is written, or could not be. */
  close(): Promise<void>;
}

interface Hearers {
  /** A line is given up. */
  readonly onDropped: () => void;
  /** Once for each time that the file begins to fail. */
  readonly onProblem: (error: Error) => void;
}

const batchMs = 100;
/** While the file can't be written to, a full disk being the usual reason. */
const retryMs = 1000;
/** About 50,000 lines. */
const maxHeldBytes = 16 * 1024 * 1024;

/**
 * Appends to a file, which is opened anew for each batch: so it may be renamed or deleted at any time, as log rotation
 * does. Lines that can't be written are held and tried again; those beyond `maxHeldBytes` are dropped and told. Throws
 * an Error that says what to do if the file can't be written to at the start.
 */
export function appendToFile(file: string, { onDropped, onProblem }: Hearers): FileAppender {
  refuseUnfit(file);
  let held: Buffer[] = [];
  let heldBytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<boolean> | undefined;
  let isFailing = false;
  let isClosed = false;

  return {
    write(line) {
      const bytes = Buffer.from(line);
      if (isClosed || heldBytes + bytes.length > maxHeldBytes) return onDropped();
      held.push(bytes);
      heldBytes += bytes.length;
      if (!writing) timer ??= later(isFailing ? retryMs : batchMs);
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await writing;
      await writeHeld();
      for (let left = held.length; left > 0; left -= 1) onDropped();
    },
  };

  function later(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      timer = undefined;
      writing = writeHeld();
      void writing.then((isWritten) => {
        writing = undefined;
        if (held.length > 0 && !isClosed) timer = later(isWritten ? batchMs : retryMs);
      });
    }, delayMs).unref();
  }

  /** False if something could not be written; that is held. */
  async function writeHeld(): Promise<boolean> {
    if (held.length === 0) return true;
    const batch = Buffer.concat(held);
    const lines = held.length;
    let handle: FileHandle | undefined;
    let written = 0;
    try {
      handle = await open(file, 'a', fileMode);
      while (written < batch.length) {
        written += (await handle.write(batch, written, batch.length - written)).bytesWritten;
      }
      isFailing = false;
    } catch (error) {
      if (!isFailing) onProblem(error as Error);
      isFailing = true;
    } finally {
      await handle?.close().catch(() => {});
    }
    heldBytes -= written;
    held = [...unwritten(held.slice(0, lines), written), ...held.slice(lines)];
    return !isFailing;
  }
}

/** For its owner, and for the group of whoever collects it. */
const fileMode = 0o640;

/** What a write that broke off has left, from the middle of a line on. */
function unwritten(lines: readonly Buffer[], writtenBytes: number): Buffer[] {
  let bytes = writtenBytes;
  const rest: Buffer[] = [];
  for (const line of lines) {
    if (bytes < line.length) rest.push(line.subarray(bytes));
    bytes = Math.max(0, bytes - line.length);
  }
  return rest;
}

const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;

function refuseUnfit(file: string): void {
  let descriptor: number | undefined;
  try {
    // Opening a pipe that nobody reads would otherwise wait for a reader.
    descriptor = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, fileMode);
    if (!fstatSync(descriptor).isFile()) throw new Error('it is no plain file');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      `${file} can't be appended to (${code ?? message}). Mount a volume there that this user may write to, or name another file.`,
      { cause: error },
    );
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
