import type { Exchange } from '../exchange.ts';
import { parseRecord } from './parse-record.ts';
import { filesOf } from './records.ts';
import type { AssistantStore } from './store.ts';

/*
 * What code_interpreter writes is in a container of the Responses API. Applications of the Assistants API look for it
 * among the files, by the id alone.
 */

interface ContainerFileRecord {
  readonly containerId: string;
}

/** All others are the upstream's own files. */
function isContainerFile(fileId: string): boolean {
  return fileId.startsWith('cfile_');
}

/** From then on the file is found by its id alone. */
export async function rememberContainerFile(
  store: AssistantStore,
  org: string,
  fileId: string,
  containerId: string,
): Promise<void> {
  const record: ContainerFileRecord = { containerId };
  await store.commit(filesOf(org), { puts: [{ id: fileId, body: JSON.stringify(record) }] });
}

/**
 * The path at which the upstream has what a call to `/files/{file_id}` or its `/content` asks for; undefined if that
 * is no file of a container that is known. The body of the answer can be passed on as it comes.
 */
export async function containerPath(store: AssistantStore, exchange: Exchange): Promise<string | undefined> {
  const [, fileId = '', content = ''] = /^\/files\/([\w-]+)(\/content)?$/.exec(exchange.path) ?? [];
  if (exchange.method !== 'GET' || !exchange.identity || !isContainerFile(fileId)) return undefined;
  const path = await pathOf(store, exchange.identity.org, fileId);
  return path && `${path}${content}`;
}

async function pathOf(store: AssistantStore, org: string, fileId: string): Promise<string | undefined> {
  const [document] = await store.get(filesOf(org), [fileId]);
  if (!document) return undefined;
  const { containerId } = parseRecord<ContainerFileRecord>(document);
  return `/containers/${encodeURIComponent(containerId)}/files/${encodeURIComponent(fileId)}`;
}
