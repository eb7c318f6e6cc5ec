/**
 * Writes down which fields the custom resources have that the chart makes, out of the modules of those who define them:
 *
 *   node test/kubernetes/schemas/extract-custom.ts
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema: { readonly openAPIV3Schema: object };
    }[];
  };
}

const prometheusOperator = 'github.com/prometheus-operator/prometheus-operator@v0.85.0';
const certManager = 'github.com/cert-manager/cert-manager@v1.21.2';
const operatorFolder = 'example/prometheus-operator-crd';
const sources = [
  [prometheusOperator, `${operatorFolder}/monitoring.coreos.com_podmonitors.yaml`],
  [prometheusOperator, `${operatorFolder}/monitoring.coreos.com_prometheusrules.yaml`],
  [certManager, 'deploy/crds/cert-manager.io_certificates.yaml'],
  [certManager, 'deploy/crds/cert-manager.io_issuers.yaml'],
] as const;

const roots: Record<string, string> = {};
const definitions: Record<string, object> = {};
for (const [module, file] of sources) {
  const { Dir: folder } = JSON.parse(
    execFileSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8', cwd: '/' }),
  ) as { Dir: string };
  const { spec } = parse(readFileSync(join(folder, file), 'utf8')) as Definition;
  for (const { name, served, schema } of spec.versions) {
    const key = `${spec.group}/${name}/${spec.names.kind}`;
    if (!served) continue;
    roots[key] = key.replaceAll('/', '.');
    definitions[roots[key]] = checked(schema.openAPIV3Schema);
  }
}
const from = [...new Set(sources.map(([module]) => module))];
writeFileSync(
  join(import.meta.dirname, 'custom.json'),
  `${JSON.stringify({ from, roots, definitions }).replaceAll(/"[a-z.-]+\.v\d\.\w+":\{/g, '\n$&')}\n`,
);

/** What is described in words is left out. Rules in CEL and in Go's regular expressions are left to the API server. */
function checked(schema: object): object {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (['required', 'enum', 'minLength', 'minItems', 'minimum', 'maximum'].includes(key)) {
      kept[key] = value;
    }
    if (key === 'type' && !('x-kubernetes-int-or-string' in schema)) kept[key] = value;
    if (key === 'x-kubernetes-int-or-string') kept['type'] = ['string', 'integer'];
    // A member of this name may be one of the object's own.
    if (key === 'items' || (key === 'additionalProperties' && typeof value === 'object')) {
      kept[key] = checked(value as object);
    }
    if (key === 'properties') {
      const properties = Object.entries(value as Record<string, object>);
      kept[key] = Object.fromEntries(properties.map(([name, property]) => [name, checked(property)]));
    }
  }
  return kept;
}
