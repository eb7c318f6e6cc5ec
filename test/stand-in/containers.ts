import type {
  ContainerCreateParams,
  ContainerCreateResponse,
  ContainerListResponse,
  ContainerRetrieveResponse,
} from 'openai/resources/containers/containers';

import { missing, noSuch } from './api-error.ts';
import type { Call } from './call.ts';
import { paginate, type Page } from './list.ts';
import { json } from './reply.ts';
import type { Route } from './router.ts';

export function containerRoutes(): Route[] {
  const stored = new Map<string, ContainerCreateResponse>();
  const find = ({ params }: Call) => {
    const found = stored.get(params['container_id'] ?? '');
    if (!found) throw noSuch('container', params['container_id'] ?? '');
    return found;
  };
  return [
    {
      method: 'POST',
      path: '/containers',
      handle(call) {
        const { name, expires_after, memory_limit } = call.json<ContainerCreateParams>();
        if (!name) throw missing('name');
        const container: ContainerCreateResponse = {
          id: call.mint.id('cntr_', 48),
          object: 'container',
          created_at: call.mint.seconds(),
          status: 'running',
          expires_after: expires_after ?? { anchor: 'last_active_at', minutes: 20 },
          last_active_at: call.mint.seconds(),
          memory_limit: memory_limit ?? '1g',
          name,
        };
        stored.set(container.id, container);
        return json<ContainerCreateResponse>(container);
      },
    },
    {
      method: 'GET',
      path: '/containers',
      handle: ({ query }) => json<Page<ContainerListResponse>>(paginate([...stored.values()], query)),
    },
    {
      method: 'GET',
      path: '/containers/{container_id}',
      handle: (call) => json<ContainerRetrieveResponse>(find(call)),
    },
    {
      method: 'DELETE',
      path: '/containers/{container_id}',
      handle(call) {
        const { id } = find(call);
        stored.delete(id);
        return json<{ id: string; object: string; deleted: true }>({
          id,
          object: 'container.deleted',
          deleted: true,
        });
      },
    },
  ];
}
