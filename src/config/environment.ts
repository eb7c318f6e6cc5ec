import type { Problem } from './config-error.ts';
import type { KeyDescription } from './describe.ts';
import type { Environment } from './interpolate.ts';
import { suggest } from './suggest.ts';

export interface Override {
  readonly variable: string;
  readonly text: string;
}

/** What the variables named after keys say, by path; and those that are named after no key. */
export function readEnvironment(keys: readonly KeyDescription[], env: Environment) {
  const paths = new Map(keys.flatMap(({ env: name, path }) => (name === undefined ? [] : [[name, path]])));
  const overrides = new Map<string, Override>();
  const problems: Problem[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined || !variable.startsWith('ASSISTANT_PROXY_')) continue;
    if (variable === 'ASSISTANT_PROXY_CONFIG' || isServiceLink(variable, text)) continue;
    const path = paths.get(variable);
    if (path !== undefined) overrides.set(path, { variable, text });
    else problems.push({ path: variable, message: `names no key${suggest(variable, paths.keys())}` });
  }
  return { overrides, problems };
}

/**
 * Kubernetes tells every pod where each Service of the namespace is, in variables named after the Service
 * (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables). One called
 * `assistant-proxy` must not stop the sidecar, nor one called `assistant-proxy-admin`, whose
 * `ASSISTANT_PROXY_ADMIN_PORT=tcp://10.0.0.1:9090` is not our `admin.port`.
 */
function isServiceLink(variable: string, text: string): boolean {
  if (/_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(variable)) return true;
  if (/_PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$/.test(variable)) return true;
  return variable.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text);
}
