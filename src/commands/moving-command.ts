/** `npm start -- import` and `export`: opens the store that the configuration names, for one of them. */
import type { AssistantStore } from '../assistants/store/store.ts';
import { openAssistantStore } from '../composition/open-assistant-store.ts';
import type { Config } from '../config/schema.ts';
import { shareDirectory } from '../embedded/own-directory.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { runExportCommand } from './export-command.ts';
import { type CommandOutput, runImportCommand } from './import-command.ts';

export interface MovingCommand {
  readonly action: 'import' | 'export';
  /** Undefined: the organisation of the configuration. */
  readonly org: string | undefined;
  /** Of an import: the files to read; `-` is standard input. */
  readonly files: readonly string[];
  /** Of an export: the file to write; undefined: standard output. */
  readonly out: string | undefined;
  /** Of an export: what to write beside the assistants. */
  readonly threadIds: readonly string[];
}

/** Resolves to the exit code. */
export async function runMovingCommand(
  { action, org = '', files, out, threadIds }: MovingCommand,
  config: Pick<Config, 'store' | 'identity'>,
  output: CommandOutput,
): Promise<0 | 1> {
  const owner = org || config.identity.org;
  let store: AssistantStore | undefined;
  try {
    store = openAssistantStore(
      { ...config.store, timeoutMs: Math.max(config.store.timeoutMs, 5000) },
      { own: shareDirectory(config.store.stateDir), onError() {} },
    );
    if (action === 'import') return await runImportCommand({ files, org: owner }, store, output);
    return await runExportCommand({ org: owner, file: out, threadIds }, store, output);
  } catch (error) {
    const hint = error instanceof StoreUnavailable ? '. Check store.redisUrl and that Redis runs.' : '';
    output.err(`${(error as Error).message}${hint}\n`);
    return 1;
  } finally {
    await store?.close();
  }
}
