import { createHash } from 'node:crypto';

import type { UploadPart } from 'openai/resources/uploads/parts';
import type { Upload, UploadCompleteParams, UploadCreateParams } from 'openai/resources/uploads/uploads';

import { ApiError, missing, noSuch } from './api-error.ts';
import type { Call } from './call.ts';
import { keepContent, toPurpose, type FileStore, type StoredContent } from './files.ts';
import { json, type Reply } from './reply.ts';
import type { Route } from './router.ts';

interface Entry {
  upload: Upload;
  parts: Map<string, StoredContent>;
}

export function uploadRoutes(files: FileStore): Route[] {
  const entries = new Map<string, Entry>();
  const find = ({ params }: Call) => {
    const found = entries.get(params['upload_id'] ?? '');
    if (!found) throw noSuch('upload', params['upload_id'] ?? '');
    return found;
  };
  const findPending = (call: Call) => {
    const found = find(call);
    if (found.upload.status !== 'pending') {
      throw new ApiError(400, `Upload is ${found.upload.status} and can no longer be changed.`);
    }
    return found;
  };

  async function addPart(call: Call): Promise<Reply> {
    const { upload, parts } = findPending(call);
    let content: StoredContent | undefined;
    for await (const part of call.parts()) {
      if (part.name === 'data') content = await keepContent(part.content);
    }
    if (!content) throw missing('data');
    const mint = call.mintFor(content.sha256);
    const id = mint.id('part_', 32);
    parts.set(id, content);
    return json<UploadPart>({
      id,
      object: 'upload.part',
      created_at: mint.seconds(),
      upload_id: upload.id,
    });
  }

  function complete(call: Call): Reply {
    const { upload, parts } = findPending(call);
    const { part_ids } = call.json<UploadCompleteParams>();
    if (!part_ids) throw missing('part_ids');
    const contents = part_ids.map((id) => {
      const part = parts.get(id);
      if (!part) throw noSuch('part', id);
      return part;
    });
    const content = joined(contents);
    if (content.bytes !== upload.bytes) {
      throw new ApiError(400, `Expected ${upload.bytes} bytes, but the parts have ${content.bytes}.`);
    }
    upload.status = 'completed';
    upload.file = files.add(call.mint, upload.filename, toPurpose(upload.purpose), content);
    return json<Upload>(upload);
  }

  return [
    {
      method: 'POST',
      path: '/uploads',
      handle(call) {
        const body = call.json<UploadCreateParams>();
        const upload: Upload = {
          id: call.mint.id('upload_', 32),
          object: 'upload',
          bytes: body.bytes,
          created_at: call.mint.seconds(),
          filename: body.filename,
          purpose: toPurpose(body.purpose),
          status: 'pending',
          expires_at: call.mint.seconds() + 3600,
          file: null,
        };
        entries.set(upload.id, { upload, parts: new Map() });
        return json<Upload>(upload);
      },
    },
    { method: 'POST', path: '/uploads/{upload_id}/parts', handle: addPart },
    { method: 'POST', path: '/uploads/{upload_id}/complete', handle: complete },
    {
      method: 'POST',
      path: '/uploads/{upload_id}/cancel',
      handle(call) {
        const { upload } = findPending(call);
        upload.status = 'cancelled';
        return json<Upload>(upload);
      },
    },
  ];
}

/** Several parts as one content; kept only if every part was. */
function joined(parts: StoredContent[]): StoredContent {
  const kept = parts.flatMap(({ small }) => small ?? []);
  const hash = createHash('sha256');
  for (const { sha256 } of parts) hash.update(sha256);
  return {
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    sha256: hash.digest('hex'),
    small: kept.length === parts.length ? Buffer.concat(kept) : undefined,
  };
}
