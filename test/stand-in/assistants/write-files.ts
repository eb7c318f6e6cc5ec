import { createHash } from 'node:crypto';

import type { FileStore } from '../files.ts';
import type { Mint } from '../mint.ts';
import type { Completion } from '../model.ts';
import { contentOf, isPicture, withLink } from '../run-code.ts';
import type { Tokens } from '../tokens.ts';

/** What code_interpreter wrote, as a file that applications can load. */
export interface WrittenFile {
  readonly name: string;
  readonly fileId: string;
}

/** Writes what the directives ask for. Resolves to the files, and to the answer with links to those that are no pictures. */
export function writeFiles(
  { files, tokens }: { files: FileStore; tokens: Tokens },
  mint: Mint,
  answer: Completion,
  maxTokens = Number.POSITIVE_INFINITY,
): { completion: Completion; written: WrittenFile[] } {
  let completion = answer;
  const written = answer.directives.files.map((name): WrittenFile => {
    if (!isPicture(name)) completion = withLink(tokens, completion, name, maxTokens);
    const small = contentOf(name);
    const sha256 = createHash('sha256').update(small).digest('hex');
    const content = { bytes: small.length, sha256, small };
    return { name, fileId: files.add(mint, name, 'assistants_output', content).id };
  });
  return { completion, written };
}
