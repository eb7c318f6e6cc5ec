import type { Exchange } from '../../exchange.ts';
import { isRecord } from '../../openai/is-record.ts';
import type { ApiHandler } from '../api-call.ts';
import { parseRecord } from '../store/parse-record.ts';
import { filesOf } from '../store/records.ts';
import type { AssistantStore } from '../store/store.ts';
import { upstreamRefusal } from '../upstream-refusal.ts';
import type { ObjectParts } from './object-parts.ts';

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

/** For files of containers alone: everything else that is asked of files belongs upstream. */
export function createFileHandlers({ store, calls }: ObjectParts): Record<string, ApiHandler> {
  return {
    'files.retrieve': async ({ identity, signal, trace, ids: [id = ''] }) => {
      const path = (await pathOf(store, identity.org, id)) ?? '';
      const answer = await calls.json({ method: 'GET', path, identity, signal, trace });
      const refusal = upstreamRefusal(answer);
      if (refusal) throw refusal;
      return { kind: 'object', value: toFile(id, isRecord(answer.value) ? answer.value : {}) };
    },
  };
}

/** As the files API would show it. */
function toFile(id: string, { bytes, created_at, path }: Readonly<Record<string, unknown>>): object {
  return {
    id,
    object: 'file',
    bytes,
    created_at,
    filename: typeof path === 'string' ? path.slice(path.lastIndexOf('/') + 1) : id,
    purpose: 'assistants_output',
    status: 'processed',
  };
}

async function pathOf(store: AssistantStore, org: string, fileId: string): Promise<string | undefined> {
  const [document] = await store.get(filesOf(org), [fileId]);
  if (!document) return undefined;
  const { containerId } = parseRecord<ContainerFileRecord>(document);
  return `/containers/${encodeURIComponent(containerId)}/files/${encodeURIComponent(fileId)}`;
}
