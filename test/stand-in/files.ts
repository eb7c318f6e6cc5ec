import { createHash } from 'node:crypto';

import type { FileDeleted, FileObject } from 'openai/resources/files';

import { ApiError, invalid, missing } from './api-error.ts';
import type { Call } from './call.ts';
import { paginate, type Page } from './list.ts';
import type { Mint } from './mint.ts';
import { readText } from './multipart.ts';
import { binary, json, type Reply } from './reply.ts';
import type { Route } from './router.ts';

/** What is kept of a file's content: all of it only up to 1 MiB. */
export interface StoredContent {
  bytes: number;
  sha256: string;
  small: Buffer | undefined;
}

export interface FileStore {
  find(id: string): FileObject;
  /** Undefined for a file that was too large to keep. */
  text(id: string): string | undefined;
  content(id: string): StoredContent;
  add(mint: Mint, filename: string, purpose: FileObject['purpose'], content: StoredContent): FileObject;
  routes: Route[];
}

export function createFiles(): FileStore {
  const stored = new Map<string, { file: FileObject; content: StoredContent }>();

  function entry(id: string) {
    const found = stored.get(id);
    if (!found) throw new ApiError(404, `No such File object: ${id}`, { param: 'id' });
    return found;
  }

  function add(mint: Mint, filename: string, purpose: FileObject['purpose'], content: StoredContent) {
    const file: FileObject = {
      id: mint.id('file-', 22),
      object: 'file',
      bytes: content.bytes,
      created_at: mint.seconds(),
      filename,
      purpose,
      status: 'processed',
    };
    stored.set(file.id, { file, content });
    return file;
  }

  async function upload(call: Call): Promise<Reply> {
    let purpose: FileObject['purpose'] | undefined;
    let filename: string | undefined;
    let content: StoredContent | undefined;
    for await (const part of call.parts()) {
      if (part.name === 'file') {
        filename = part.filename ?? 'file';
        content = await keepContent(part.content);
      } else if (part.name === 'purpose') {
        purpose = toPurpose(await readText(part.content));
      }
    }
    if (!content || !filename) throw missing('file');
    if (!purpose) throw missing('purpose');
    return json<FileObject>(add(call.mintFor(filename + content.sha256), filename, purpose, content));
  }

  const routes: Route[] = [
    { method: 'POST', path: '/files', handle: upload },
    {
      method: 'GET',
      path: '/files',
      handle({ query }) {
        const purpose = query.get('purpose');
        const all = [...stored.values()].map(({ file }) => file);
        const wanted = purpose ? all.filter((file) => file.purpose === purpose) : all;
        return json<Page<FileObject>>(paginate(wanted, query, { limit: 10_000 }));
      },
    },
    {
      method: 'GET',
      path: '/files/{file_id}',
      handle: ({ params }) => json<FileObject>(entry(params['file_id'] ?? '').file),
    },
    {
      method: 'DELETE',
      path: '/files/{file_id}',
      handle({ params }) {
        const { id } = entry(params['file_id'] ?? '').file;
        stored.delete(id);
        return json<FileDeleted>({ id, object: 'file', deleted: true });
      },
    },
    {
      method: 'GET',
      path: '/files/{file_id}/content',
      handle({ params }) {
        const id = params['file_id'] ?? '';
        const synthetic = /^file-synthetic-(\d+)$/.exec(id)?.[1];
        if (synthetic) return binary(pattern(Number(synthetic)), Number(synthetic));
        const { bytes, small } = entry(id).content;
        return binary(small ? only(small) : pattern(bytes), bytes);
      },
    },
  ];

  return {
    find: (id) => entry(id).file,
    text: (id) => entry(id).content.small?.toString(),
    content: (id) => entry(id).content,
    add,
    routes,
  };
}

export function toPurpose(text: string): FileObject['purpose'] {
  const known = PURPOSES.find((purpose) => purpose === text);
  if (!known) throw invalid('purpose', `'${text}' is not one of ${JSON.stringify(PURPOSES)} - 'purpose'`);
  return known;
}

const PURPOSES = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data'] as const;

/** Counts and hashes a content of any size in flat memory. */
export async function keepContent(source: AsyncIterable<Buffer>): Promise<StoredContent> {
  const hash = createHash('sha256');
  let kept: Buffer[] | undefined = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    hash.update(chunk);
    if (bytes > MAX_KEPT_BYTES) kept = undefined;
    // A copy: the chunk is a view of a larger buffer.
    else kept?.push(Buffer.from(chunk));
  }
  return { bytes, sha256: hash.digest('hex'), small: kept && Buffer.concat(kept) };
}

const MAX_KEPT_BYTES = 1024 * 1024;

async function* only(content: Buffer): AsyncGenerator<Uint8Array> {
  yield content;
}

/**
 * Bytes 0, 1, ... 250, 0, 1, ...: the content of `file-synthetic-<bytes>`, and of files whose own content was
 * too large to keep.
 */
export async function* pattern(bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; at += BLOCK.length) yield BLOCK.subarray(0, bytes - at);
}

const BLOCK = Uint8Array.from({ length: 251 * 256 }, (_, index) => index % 251);
