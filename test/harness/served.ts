import { type StandIn, type StandInOptions, startStandIn } from '../stand-in/stand-in.ts';
import type { Lifetime } from './lifetime.ts';
import { type Sidecar, startSidecar, upstreamKey } from './sidecar.ts';

/** How the sidecar comes by the Assistants API: the values of `assistants.backend`. */
export type Backend = 'passthrough' | 'responses' | 'chatCompletions';

export interface Served {
  readonly sidecar: Sidecar;
  readonly standIn: StandIn;
}

interface ServedOptions {
  readonly backend: Backend;
  readonly standIn?: StandInOptions;
  readonly env?: Record<string, string>;
}

/** A sidecar with the Assistants API before an upstream that has retired it, unless it only passes it on. */
export async function startServed(lifetime: Lifetime, options: ServedOptions): Promise<Served> {
  const { backend, env } = options;
  const assistants = backend === 'passthrough' ? 'live' : 'retired';
  const standIn = await startStandIn({ apiKey: upstreamKey, ...options.standIn, assistants });
  lifetime.after(() => standIn.close());
  const sidecar = await startSidecar(lifetime, {
    upstreamUrl: standIn.url,
    env: { ASSISTANT_PROXY_ASSISTANTS_BACKEND: backend, ...env },
  });
  return { sidecar, standIn };
}
