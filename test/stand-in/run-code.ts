import type { ResponseOutputText, Tool } from 'openai/resources/responses/responses';

import { ApiError } from './api-error.ts';
import type { ContainerStore } from './containers.ts';
import type { Mint } from './mint.ts';
import type { Completion } from './model.ts';
import type { Tokens } from './tokens.ts';

/** What the code interpreter did for an answer. */
export interface CodeRun {
  code: string;
  containerId: string;
  /** The answer, with links to the files that were written. */
  completion: Completion;
  citations: ResponseOutputText.ContainerFileCitation[];
}

/** Runs the code that the directives ask for; undefined if there is none, or no tool to run it. */
export function runCode(
  { containers, tokens }: { containers: ContainerStore; tokens: Tokens },
  mint: Mint,
  tools: readonly Tool[],
  answer: Completion,
  maxTokens: number,
): CodeRun | undefined {
  const tool = tools.find((offered) => offered.type === 'code_interpreter');
  const { files } = answer.directives;
  const code = codeOf(answer);
  if (!tool || code === '') return undefined;
  const containerId = containerOf(containers, mint, tool.container);
  const citations: ResponseOutputText.ContainerFileCitation[] = [];
  let completion = answer;
  for (const name of files) {
    const linked = isPicture(name) ? completion : withLink(tokens, completion, name, maxTokens);
    const link = linked === completion ? '' : linkTo(name);
    completion = linked;
    const { id } = containers.addFile(mint, containerId, name, contentOf(name));
    citations.push({
      type: 'container_file_citation',
      container_id: containerId,
      file_id: id,
      filename: name,
      start_index: link === '' ? 0 : completion.text.length - link.length - 1,
      end_index: link === '' ? 0 : completion.text.length - 1,
    });
  }
  return { code, containerId, completion, citations };
}

/** What the directives ask for; empty if they don't. */
export function codeOf({ directives: { files, code } }: Pick<Completion, 'directives'>): string {
  return code ?? files.map((name) => `open('/mnt/data/${name}', 'w')`).join('\n');
}

function containerOf(
  containers: ContainerStore,
  mint: Mint,
  container: Tool.CodeInterpreter['container'],
): string {
  if (typeof container !== 'string') return containers.create(mint, { name: 'auto' }).id;
  if (containers.has(container)) return container;
  throw new ApiError(404, `Container with id '${container}' not found.`, { param: 'tools' });
}

/** The same answer if it is no text that could take the link, or if that would be too long. */
export function withLink(tokens: Tokens, answer: Completion, name: string, maxTokens: number): Completion {
  const { text, usage, finish, refusal, calls } = answer;
  if (finish !== 'stop' || refusal || calls.length > 0) return answer;
  const longer = `${text} [Download ${name}](${linkTo(name)})`;
  const outputTokens = usage.outputTokens - tokens.count(text) + tokens.count(longer);
  if (outputTokens > maxTokens) return answer;
  return { ...answer, text: longer, usage: { ...usage, outputTokens } };
}

export function linkTo(name: string): string {
  return `sandbox:/mnt/data/${name}`;
}

export function isPicture(name: string): boolean {
  return /\.(?:png|jpe?g|gif|webp)$/.test(name);
}

export function contentOf(name: string): Buffer {
  if (isPicture(name)) return Buffer.from('iVBORw0KGgo=', 'base64');
  return Buffer.from(`name,value\n${name},1\n`);
}
