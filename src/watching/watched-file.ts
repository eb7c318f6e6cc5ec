import { constants, readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';

export interface Watched<Content> {
  read(): Content;
  close(): void;
}

interface WatchedFile {
  readonly file: string;
  readonly path: string;
  readonly whenMissing?: string;
  /** How soon a change is noticed. The kubelet itself takes up to a minute to write it. */
  readonly lookEveryMs?: number | undefined;
}

const lookEveryMs = 1000;
/** What was written less long ago may be half of it, if it is written in place. */
const settledMs = 100;
/** No ConfigMap and no Secret is larger. Whoever follows a log by mistake must not spend all its time on that. */
const maxBytes = 1_048_576;

/**
 * What a file holds, read again when the file changes. Reads it every second, because Kubernetes rotates a Secret by
 * swapping a symbolic link, which file events don't see, and because times of files miss what comes and goes between
 * two looks. While `parse` throws at what is there, the last content stays in use, and that is told once; at the start
 * it is thrown. `path` is the key of the configuration that names the file, for messages; `whenMissing` is what a file
 * holds that isn't there, if it needn't be. What can be read only once is not looked at again.
 */
export function watchContent<Content>(
  watched: WatchedFile,
  parse: (text: string) => Content,
  onProblem: (error: Error) => void,
): Watched<Content> {
  const { file } = watched;
  let text: string | undefined = readAtOnce(watched);
  let content = parse(text);
  let problem: string | undefined;
  let isLooking = false;
  let isClosed = false;
  const timer = isReadOnce(file)
    ? undefined
    : setInterval(() => void look(), watched.lookEveryMs ?? lookEveryMs).unref();

  async function look(): Promise<void> {
    // A file system that hangs is asked once.
    if (isLooking) return;
    isLooking = true;
    const found = await readSettled(file).catch((cause: unknown) => cause);
    isLooking = false;
    if (isClosed || found === undefined) return;
    try {
      const before = text;
      // What could not be read is looked at again once it can be.
      text = undefined;
      text = typeof found === 'string' ? found : whatIsMissing(watched, found);
      problem = undefined;
      if (text === before) return;
      content = parse(text);
    } catch (error) {
      const { message } = error as Error;
      if (message !== problem) onProblem(error as Error);
      problem = message;
    }
  }

  return {
    read: () => content,
    close() {
      isClosed = true;
      clearInterval(timer);
    },
  };
}

/** Whether it is a pipe or a device, such as `<(...)` of a shell: who reads that again finds nothing, or waits forever. */
export function isReadOnce(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}

/** Undefined while it is being written. */
async function readSettled(file: string): Promise<string | undefined> {
  // A pipe in the file's place would otherwise wait for a writer, and hold up the process's end.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile() && !stats.isDirectory()) throw problemOf('it is no regular file');
    if (stats.size > maxBytes) throw problemOf('it is larger than 1 MiB');
    const text = await handle.readFile('utf8');
    const ageMs = Date.now() - (await handle.stat()).mtimeMs;
    return ageMs >= 0 && ageMs < settledMs ? undefined : text;
  } finally {
    await handle.close();
  }
}

function problemOf(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function readAtOnce(watched: WatchedFile): string {
  try {
    return readFileSync(watched.file, 'utf8');
  } catch (cause) {
    return whatIsMissing(watched, cause);
  }
}

function whatIsMissing({ file, path, whenMissing }: WatchedFile, cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  // Where a folder of its path is a file, it isn't there either.
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
  if (isMissing && whenMissing !== undefined) return whenMissing;
  throw new Error(`${path}: ${file} can't be read (${code})`, { cause });
}
