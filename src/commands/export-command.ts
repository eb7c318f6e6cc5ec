/** `npm start -- export`: writes assistants and threads as JSON lines, which `import` reads. */
import { appendFileSync, closeSync, openSync, renameSync } from 'node:fs';

import { exportAssistants, exportThread } from '../assistants/moving/export-objects.ts';
import type { AssistantStore } from '../assistants/store/store.ts';
import { ProxyError } from '../errors.ts';
import type { CommandOutput } from './import-command.ts';

export interface ExportCommand {
  readonly org: string;
  /** The file to write; undefined: standard output. */
  readonly file: string | undefined;
  /** Beside all assistants: the API has no list of threads, and so the store has none. */
  readonly threadIds: readonly string[];
}

/** Resolves to the exit code: 1 if a thread isn't there. Rejects with `StoreUnavailable`. */
export async function runExportCommand(
  { org, file, threadIds }: ExportCommand,
  store: AssistantStore,
  { out, err }: Pick<CommandOutput, 'out' | 'err'>,
): Promise<0 | 1> {
  const target = file === undefined ? { write: out, keep() {} } : openFile(file);
  let isWhole = true;
  for await (const line of exportAssistants(store, org)) target.write(line);
  for (const id of threadIds) {
    try {
      target.write(await exportThread(store, org, id));
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      err(`${error.message}\n`);
      isWhole = false;
    }
  }
  target.keep();
  return isWhole ? 0 : 1;
}

/** It takes its name when it is whole, so that no half of an export is ever taken for all of it. */
function openFile(file: string): { write: (text: string) => void; keep: () => void } {
  const partial = `${file}.partial`;
  // Conversations are nobody else's business.
  const descriptor = openSync(partial, 'w', 0o600);
  return {
    write: (text) => appendFileSync(descriptor, text),
    keep() {
      closeSync(descriptor);
      renameSync(partial, file);
    },
  };
}
