import { readFileSync } from 'node:fs';

import { Value } from 'typebox/value';

import { ConfigError, type Problem } from './config-error.ts';
import { crossCheck } from './cross-checks.ts';
import { describeKeys } from './describe.ts';
import { readEnvironment } from './environment.ts';
import type { Environment } from './interpolate.ts';
import { parseYaml } from './parse-yaml.ts';
import { resolve } from './resolve.ts';
import { isMapping } from './schema-node.ts';
import { type Config, configSchema, type WrittenConfig } from './schema.ts';

export interface ConfigSources {
  /** Path of the YAML file. Without it `ASSISTANT_PROXY_CONFIG` names one; without that, there is none. */
  readonly file?: string | undefined;
  /** The file's text, if the caller has it already; then nothing is read. */
  readonly text?: string | undefined;
  readonly env: Environment;
  /** False where nothing is sent upstream, so that no key is missed. */
  readonly needsKey?: boolean;
}

/**
 * The effective configuration: defaults, over them the file, over it the environment. Throws one
 * `ConfigError` with every problem of all of them.
 */
export function loadConfig(sources: ConfigSources): Config {
  return decodeConfig(readConfig(sources));
}

/** The same, as it was written. */
export function readConfig({ file, text, env, needsKey = true }: ConfigSources): WrittenConfig {
  const path = configFile({ file, env });
  const fileName = path ?? 'the configuration file';
  const document = readDocument(path, text, fileName);
  const environment = readEnvironment(describeKeys(configSchema), env);
  const { overrides } = environment;
  const resolved = resolve(configSchema, document.value, { env, overrides, fileName });
  const problems = [...document.problems, ...resolved.problems, ...environment.problems];
  // A file that can't be read may hold the key.
  if (needsKey && document.problems.length === 0 && lacksKey(resolved)) problems.push(missingKey);
  problems.push(...crossCheck(resolved.value as WrittenConfig, problems));
  if (problems.length > 0) throw new ConfigError(problems);
  return resolved.value as WrittenConfig;
}

export function decodeConfig(written: WrittenConfig): Config {
  return Value.Decode(configSchema, written);
}

/** Path of the YAML file, if there is one. */
export function configFile({ file, env }: Pick<ConfigSources, 'file' | 'env'>): string | undefined {
  return file || env['ASSISTANT_PROXY_CONFIG'] || undefined;
}

const missingKey: Problem = {
  path: 'upstream.apiKey',
  message:
    'no key for the upstream; set OPENAI_API_KEY, or upstream.apiKey (ASSISTANT_PROXY_UPSTREAM_API_KEY), ' +
    'or upstream.apiKeyFile (ASSISTANT_PROXY_UPSTREAM_API_KEY_FILE). For an upstream that takes none, ' +
    'set upstream.apiKey to ""',
};

function lacksKey({ value, unsetDefaults }: ReturnType<typeof resolve>): boolean {
  if (!unsetDefaults.has('upstream.apiKey')) return false;
  const upstream = isMapping(value) ? value['upstream'] : undefined;
  return isMapping(upstream) && upstream['apiKeyFile'] === '';
}

function readDocument(path: string | undefined, text: string | undefined, fileName: string) {
  if (text !== undefined) return parseYaml(text, fileName);
  if (path === undefined) return { value: undefined, problems: [] };
  try {
    return parseYaml(readFileSync(path, 'utf8'), fileName);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return { value: undefined, problems: [{ path, message: `can't be read: ${reasons[code] ?? code}` }] };
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOENT: 'no such file',
};
