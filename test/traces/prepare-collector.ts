import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { ensureCommand } from '../harness/system-packages.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, '.cache/collector');
const recipe = join(import.meta.dirname, 'collector.yaml');
/** Copied when all is built, so that a build which broke off is made anew. */
const builtFrom = join(folder, 'built-from.yaml');

export const collectorProgram = join(folder, 'collector');

const builder = 'go.opentelemetry.io/collector/cmd/builder@v0.165.0';
const buildTimeoutMs = 900_000;

/** Builds the OpenTelemetry collector unless it is there already. A text says why it can't be done. */
export async function prepareCollector(): Promise<string | undefined> {
  if (await isBuilt()) return undefined;
  const missing = await ensureCommand('go', 'golang-go');
  if (missing !== undefined) return missing;
  console.log('building the OpenTelemetry collector out of its Go modules, once; up to five minutes');
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    // A checkout of another user's would stop the build.
    const env = { ...process.env, GOFLAGS: `${process.env['GOFLAGS'] ?? ''} -buildvcs=false`.trim() };
    const options = { cwd: root, env, timeout: buildTimeoutMs, maxBuffer: 64 * 1024 * 1024 };
    await promisify(execFile)('go', ['run', builder, '--config', recipe], options);
    await copyFile(recipe, builtFrom);
    return undefined;
  } catch (error) {
    const lines = String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .split('\n');
    const reason = lines.findLast((line) => !line.startsWith('exit status'));
    return `the OpenTelemetry collector could not be built: ${reason}`;
  }
}

async function isBuilt(): Promise<boolean> {
  const from = await readFile(builtFrom, 'utf8').catch(() => undefined);
  return existsSync(collectorProgram) && from === (await readFile(recipe, 'utf8'));
}
