import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Lifetime } from './lifetime.ts';

/** A configuration file for a process; gone when the test is over. Resolves to its path. */
export function writeConfig(lifetime: Lifetime, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  lifetime.after(async () => rmSync(folder, { recursive: true }));
  const file = join(folder, 'config.yaml');
  writeFileSync(file, text);
  return file;
}
