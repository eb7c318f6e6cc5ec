import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** The path of a file with one key for originals, gone when the test is over. */
export function keyFile(t: TestContext): string {
  const file = join(temporaryFolder(t), 'keys');
  writeFileSync(file, `k1:${Buffer.alloc(32, 7).toString('base64')}\n`);
  return file;
}

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
