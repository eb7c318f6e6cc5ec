import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

export interface Watched<Content> {
  read(): Content;
  close(): void;
}

interface WatchedFile {
  readonly file: string;
  readonly path: string;
  readonly whenMissing?: string;
}

/** How soon a change is noticed. The kubelet itself takes up to a minute to write it. */
const pollMs = 1000;

/**
 * What a file holds, read again when the file changes. Reads it every second, because Kubernetes rotates a Secret by
 * swapping a symbolic link, which file events don't see, and because times of files miss what comes and goes between
 * two looks. While `parse` throws at what is there, the last content stays in use, and that is told once; at the start
 * it is thrown. `path` is the key of the configuration that names the file, for messages; `whenMissing` is what a file
 * holds that isn't there, if it needn't be.
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
  const timer = setInterval(() => void look(), pollMs).unref();

  async function look(): Promise<void> {
    // A file system that hangs is asked once.
    if (isLooking) return;
    isLooking = true;
    const found = await readFile(file, 'utf8').catch((cause: unknown) => cause);
    isLooking = false;
    if (isClosed) return;
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
