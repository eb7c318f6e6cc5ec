import type {
  ContainerCreateParams,
  ContainerCreateResponse,
  ContainerListResponse,
  ContainerRetrieveResponse,
} from 'openai/resources/containers/containers';
import type { FileListResponse, FileRetrieveResponse } from 'openai/resources/containers/files/files';

import { missing, noSuch } from './api-error.ts';
import type { Call } from './call.ts';
import { paginate, type Page } from './list.ts';
import type { Mint } from './mint.ts';
import { binary, json } from './reply.ts';
import type { Route } from './router.ts';

/** Where the code interpreter works. */
export interface ContainerStore {
  has(id: string): boolean;
  create(mint: Mint, settings: ContainerCreateParams): ContainerCreateResponse;
  /** A file that the code wrote. */
  addFile(mint: Mint, containerId: string, name: string, content: Buffer): FileRetrieveResponse;
  routes: Route[];
}

interface Stored {
  container: ContainerCreateResponse;
  files: Map<string, { file: FileRetrieveResponse; content: Buffer }>;
}

export function createContainers(): ContainerStore {
  const stored = new Map<string, Stored>();
  const find = ({ params }: Call) => {
    const found = stored.get(params['container_id'] ?? '');
    if (!found) throw noSuch('container', params['container_id'] ?? '');
    return found;
  };
  const findFile = (call: Call) => {
    const id = call.params['file_id'] ?? '';
    const found = find(call).files.get(id);
    if (!found) throw noSuch('container file', id);
    return found;
  };

  function create(
    mint: Mint,
    { name, expires_after, memory_limit }: ContainerCreateParams,
  ): ContainerCreateResponse {
    const container: ContainerCreateResponse = {
      id: mint.id('cntr_', 48),
      object: 'container',
      created_at: mint.seconds(),
      status: 'running',
      expires_after: expires_after ?? { anchor: 'last_active_at', minutes: 20 },
      last_active_at: mint.seconds(),
      memory_limit: memory_limit ?? '1g',
      name,
    };
    stored.set(container.id, { container, files: new Map() });
    return container;
  }

  const routes: Route[] = [
    {
      method: 'POST',
      path: '/containers',
      handle(call) {
        const settings = call.json<ContainerCreateParams>();
        if (!settings.name) throw missing('name');
        return json<ContainerCreateResponse>(create(call.mint, settings));
      },
    },
    {
      method: 'GET',
      path: '/containers',
      handle: ({ query }) =>
        json<Page<ContainerListResponse>>(
          paginate(
            [...stored.values()].map(({ container }) => container),
            query,
          ),
        ),
    },
    {
      method: 'GET',
      path: '/containers/{container_id}',
      handle: (call) => json<ContainerRetrieveResponse>(find(call).container),
    },
    {
      method: 'DELETE',
      path: '/containers/{container_id}',
      handle(call) {
        const { id } = find(call).container;
        stored.delete(id);
        return json<{ id: string; object: string; deleted: true }>({
          id,
          object: 'container.deleted',
          deleted: true,
        });
      },
    },
    {
      method: 'GET',
      path: '/containers/{container_id}/files',
      handle(call) {
        const files = [...find(call).files.values()].map(({ file }) => file);
        return json<Page<FileListResponse>>(paginate(files, call.query));
      },
    },
    {
      method: 'GET',
      path: '/containers/{container_id}/files/{file_id}',
      handle: (call) => json<FileRetrieveResponse>(findFile(call).file),
    },
    {
      method: 'GET',
      path: '/containers/{container_id}/files/{file_id}/content',
      handle(call) {
        const { content } = findFile(call);
        return binary(only(content), content.length);
      },
    },
  ];

  return {
    has: (id) => stored.has(id),
    create,
    addFile(mint, containerId, name, content) {
      const file: FileRetrieveResponse = {
        id: mint.id('cfile_', 32),
        object: 'container.file',
        created_at: mint.seconds(),
        bytes: content.length,
        container_id: containerId,
        path: `/mnt/data/${name}`,
        source: 'assistant',
      };
      stored.get(containerId)?.files.set(file.id, { file, content });
      return file;
    },
    routes,
  };
}

async function* only(content: Buffer): AsyncGenerator<Uint8Array> {
  yield content;
}
