import type { Config } from '../config/schema.ts';

/** Every organisation that this configuration can spend for. */
export function orgsOf({ identity, auth }: Pick<Config, 'identity' | 'auth'>): string[] {
  const orgs = auth.keys.map((key) => key.identity.org || identity.org);
  return [...new Set([identity.org, ...orgs])];
}
