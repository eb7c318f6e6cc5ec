import type { Model, ModelDeleted } from 'openai/resources/models';

import { ApiError } from './api-error.ts';
import { json } from './reply.ts';
import type { Route } from './router.ts';

export function modelRoutes(): Route[] {
  return [
    { method: 'GET', path: '/models', handle: () => json<ModelList>({ object: 'list', data: MODELS }) },
    {
      method: 'GET',
      path: '/models/{model}',
      handle({ params }) {
        const found = MODELS.find((model) => model.id === params['model']);
        if (!found) throw modelNotFound(params['model'] ?? '');
        return json<Model>(found);
      },
    },
    {
      method: 'DELETE',
      path: '/models/{model}',
      handle: ({ params }) =>
        json<ModelDeleted>({ id: params['model'] ?? '', object: 'model', deleted: true }),
    },
  ];
}

/**
 * The name an answer carries: OpenAI resolves an alias to its dated snapshot. Names that start with
 * `no-such` do not exist; all others do.
 */
export function resolveModel(requested: unknown): string {
  if (typeof requested !== 'string' || requested === '') {
    throw new ApiError(400, 'you must provide a model parameter');
  }
  if (requested.startsWith('no-such')) throw modelNotFound(requested);
  return SNAPSHOTS[requested] ?? requested;
}

interface ModelList {
  object: 'list';
  data: Model[];
}

const SNAPSHOTS: Record<string, string> = {
  'gpt-4o': 'gpt-4o-2024-08-06',
  'gpt-4o-mini': 'gpt-4o-mini-2024-07-18',
  'gpt-4.1': 'gpt-4.1-2025-04-14',
  'gpt-4.1-mini': 'gpt-4.1-mini-2025-04-14',
  'gpt-5': 'gpt-5-2025-08-07',
  'gpt-5-mini': 'gpt-5-mini-2025-08-07',
  'o3-mini': 'o3-mini-2025-01-31',
};

const MODELS: Model[] = [
  ...Object.keys(SNAPSHOTS),
  ...Object.values(SNAPSHOTS),
  'text-embedding-3-small',
  'text-embedding-3-large',
  'text-embedding-ada-002',
  'omni-moderation-latest',
  'gpt-image-1',
  'whisper-1',
].map((id) => ({ id, object: 'model', created: 1_715_367_049, owned_by: 'system' }));

function modelNotFound(model: string): ApiError {
  return new ApiError(404, `The model \`${model}\` does not exist or you do not have access to it.`, {
    code: 'model_not_found',
  });
}
