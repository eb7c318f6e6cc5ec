import type { Call } from './call.ts';
import type { Reply } from './reply.ts';

export interface Route {
  method: 'GET' | 'POST' | 'DELETE' | 'PATCH';
  /** Below /v1, with parameters in braces: `/files/{file_id}`. */
  path: string;
  handle(call: Call): Reply | Promise<Reply>;
}

export interface Match {
  route: Route;
  params: Record<string, string>;
}

/** Finds a request's route. A literal segment wins over a parameter: `/threads/runs` over `/threads/{id}`. */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match | undefined {
  const byShape = new Map<string, { route: Route; segments: string[] }[]>();
  for (const route of routes) {
    const segments = route.path.split('/').slice(1);
    const shape = `${route.method} ${segments[0]} ${segments.length}`;
    byShape.set(shape, [...(byShape.get(shape) ?? []), { route, segments }]);
  }
  for (const candidates of byShape.values()) {
    candidates.sort((a, b) => parameters(a.segments) - parameters(b.segments));
  }

  return (method, path) => {
    const parts = path.split('/').slice(1);
    for (const { route, segments } of byShape.get(`${method} ${parts[0]} ${parts.length}`) ?? []) {
      const params = matchSegments(segments, parts);
      if (params) return { route, params };
    }
    return undefined;
  };
}

/**
 * The path below the API's prefix, and the deployment an Azure path names:
 * `/v1/files`, `/openai/v1/files`, `/openai/files`, `/openai/deployments/gpt-4o/chat/completions`.
 */
export function stripPrefix(path: string): { path: string; deployment?: string } | undefined {
  const deployed = /^\/openai\/deployments\/([^/]+)(\/.+)$/.exec(path);
  if (deployed?.[1] && deployed[2]) {
    return { path: deployed[2], deployment: decodeURIComponent(deployed[1]) };
  }
  const rest = /^(?:\/openai\/v1|\/openai|\/v1)(\/.+)$/.exec(path)?.[1];
  return rest ? { path: rest } : undefined;
}

function parameters(segments: string[]): number {
  return segments.filter((segment) => segment.startsWith('{')).length;
}

function matchSegments(segments: string[], parts: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index] ?? '';
    if (segment.startsWith('{')) params[segment.slice(1, -1)] = decodeURIComponent(part);
    else if (segment !== part) return undefined;
  }
  return params;
}
