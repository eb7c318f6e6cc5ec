import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import jsonPatch from 'fast-json-patch';
import { parse, stringify } from 'yaml';

import { loadConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema.ts';
import { inject } from '../../../src/injector/pods/inject.ts';
import type { PatchOperation } from '../../../src/injector/pods/json-patch.ts';
import { readPod } from '../../../src/injector/pods/pod-shape.ts';

export interface Case {
  readonly name: string;
  /** The comment at the top of its file. */
  readonly title: string;
  readonly pod: object;
  readonly expectedFile: string;
}

/** A pod in each file, with what becomes of it in the file beside it. */
export const cases: readonly Case[] = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.yaml') && !file.endsWith('.expected.yaml'))
  .map((file) => {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    const name = file.slice(0, -'.yaml'.length);
    return {
      name,
      title: /^# (.+)$/m.exec(text)![1]!,
      pod: (parse(text) as { pod: object }).pod,
      expectedFile: join(import.meta.dirname, `${name}.expected.yaml`),
    };
  });

/** The defaults, with an image. */
export function settingsWith(env: Record<string, string> = {}): Config['injector'] {
  const image = { ASSISTANT_PROXY_INJECTOR_IMAGE: 'assistant-proxy:0.1.0' };
  return loadConfig({ text: '', env: { ...image, ...env }, needsKey: false }).injector;
}

/** What a pod has become, by another implementation of JSON patches than the injector's. */
export function applied(pod: object, patch: readonly PatchOperation[]): object {
  const operations = structuredClone(patch) as Parameters<typeof jsonPatch.applyPatch>[1];
  return jsonPatch.applyPatch(structuredClone(pod), operations, true).newDocument;
}

const usual = settingsWith();

export function injectInto(pod: object, settings = usual, namespace = 'shop') {
  const read = readPod(structuredClone(pod));
  if (read === undefined) throw new Error('this is no pod');
  const injection = inject(read, namespace, settings);
  return { ...injection, pod: applied(pod, injection.patch) };
}

export function outcomeOf({ pod }: Case): string {
  const { outcome, reason, warnings, pod: patched } = injectInto(pod);
  const told = { outcome, ...(reason && { reason }), ...(warnings.length > 0 && { warnings }) };
  return stringify(
    { ...told, pod: patched },
    { lineWidth: 110, aliasDuplicateObjects: false, singleQuote: true },
  );
}
