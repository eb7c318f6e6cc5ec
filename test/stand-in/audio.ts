import type { Transcription, TranscriptionVerbose } from 'openai/resources/audio/transcriptions';
import type { Translation } from 'openai/resources/audio/translations';

import { missing } from './api-error.ts';
import type { Call } from './call.ts';
import { keepContent, pattern, type StoredContent } from './files.ts';
import { readText } from './multipart.ts';
import { binary, json, type Reply } from './reply.ts';
import type { Route } from './router.ts';

export function audioRoutes(): Route[] {
  return [
    { method: 'POST', path: '/audio/transcriptions', handle: transcribe },
    {
      method: 'POST',
      path: '/audio/translations',
      async handle(call) {
        const { audio } = await readForm(call);
        return json<Translation>({ text: `A recording of ${audio.bytes} bytes, in English.` });
      },
    },
    { method: 'POST', path: '/audio/speech', handle: () => binary(pattern(10_000), 10_000) },
  ];
}

async function transcribe(call: Call): Promise<Reply> {
  const { audio, fields } = await readForm(call);
  const text = `A recording of ${audio.bytes} bytes.`;
  // As if one second of speech took 4,000 bytes.
  const seconds = Math.ceil(audio.bytes / 4000);
  switch (fields.get('response_format')) {
    case 'text':
      return { status: 200, headers: { 'content-type': 'text/plain' }, body: `${text}\n` };
    case 'verbose_json':
      return json<TranscriptionVerbose>({
        duration: seconds,
        language: 'english',
        text,
        segments: [],
        usage: { type: 'duration', seconds },
      });
    default:
      return json<Transcription>({ text, usage: { type: 'duration', seconds } });
  }
}

async function readForm(call: Call): Promise<{ audio: StoredContent; fields: Map<string, string> }> {
  const fields = new Map<string, string>();
  let audio: StoredContent | undefined;
  for await (const part of call.parts()) {
    if (part.name === 'file') audio = await keepContent(part.content);
    else fields.set(part.name, await readText(part.content));
  }
  if (!audio) throw missing('file');
  return { audio, fields };
}
