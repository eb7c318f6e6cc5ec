import { readFileSync, unwatchFile, watchFile } from 'node:fs';

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
 * What a file holds, read again when the file changes. Polls, because Kubernetes rotates a Secret by swapping a
 * symbolic link, which file events don't see. While `parse` throws at what is there, the last content stays in use;
 * at the start that is thrown. `path` is the key of the configuration that names the file, for messages; `whenMissing`
 * is what a file holds that isn't there, if it needn't be.
 */
export function watchContent<Content>(
  { file, path, whenMissing }: WatchedFile,
  parse: (text: string) => Content,
  onProblem: (error: Error) => void,
): Watched<Content> {
  const read = () => parse(readText(file, path, whenMissing));
  let content = read();
  watchFile(file, { interval: pollMs, persistent: false }, reread);
  // The watch compares with what it finds first, a little later: a change before that it never sees.
  const secondLook = setTimeout(reread, pollMs).unref();
  function reread(): void {
    try {
      content = read();
    } catch (error) {
      onProblem(error as Error);
    }
  }
  return {
    read: () => content,
    close() {
      clearTimeout(secondLook);
      unwatchFile(file, reread);
    },
  };
}

function readText(file: string, path: string, whenMissing: string | undefined): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // Where a folder of its path is a file, it isn't there either.
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    if (isMissing && whenMissing !== undefined) return whenMissing;
    throw new Error(`${path}: ${file} can't be read (${code})`, { cause });
  }
}
