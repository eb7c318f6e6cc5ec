import type { ImageGenerateParams, ImagesResponse } from 'openai/resources/images';

import { missing } from './api-error.ts';
import type { Call } from './call.ts';
import { readText } from './multipart.ts';
import { json, type Reply } from './reply.ts';
import type { Route } from './router.ts';
import type { Tokens } from './tokens.ts';

export function imageRoutes(tokens: Tokens): Route[] {
  const answer = (call: Call, prompt: string, count: number): Reply => {
    const textTokens = tokens.count(prompt);
    const imageTokens = 272 * count;
    call.bill({ inputTokens: textTokens, cachedTokens: 0, outputTokens: imageTokens, reasoningTokens: 0 });
    return json<ImagesResponse>({
      created: call.mint.seconds(),
      background: 'opaque',
      output_format: 'png',
      quality: 'low',
      size: '1024x1024',
      data: Array.from({ length: count }, () => ({ b64_json: ONE_PIXEL_PNG })),
      usage: {
        input_tokens: textTokens,
        input_tokens_details: { text_tokens: textTokens, image_tokens: 0 },
        output_tokens: imageTokens,
        total_tokens: textTokens + imageTokens,
      },
    });
  };
  const fromForm = async (call: Call): Promise<Reply> => {
    let prompt = '';
    for await (const part of call.parts()) {
      if (part.name === 'prompt') prompt = await readText(part.content);
    }
    return answer(call, prompt, 1);
  };
  return [
    {
      method: 'POST',
      path: '/images/generations',
      handle(call) {
        const { prompt, n } = call.json<ImageGenerateParams>();
        if (!prompt) throw missing('prompt');
        return answer(call, prompt, n ?? 1);
      },
    },
    { method: 'POST', path: '/images/edits', handle: fromForm },
    { method: 'POST', path: '/images/variations', handle: fromForm },
  ];
}

const ONE_PIXEL_PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
