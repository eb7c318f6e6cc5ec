import Type from 'typebox';

import { clearable, metadata, object, optional, text } from './fields.ts';
import { toolKinds } from './tool-params.ts';

const detail = optional(Type.Enum(['auto', 'low', 'high']));

const contentPart = Type.Union([
  object({ type: Type.Literal('image_file'), image_file: object({ file_id: text(), detail }) }),
  object({ type: Type.Literal('image_url'), image_url: object({ url: text(), detail }) }),
  object({ type: Type.Literal('text'), text: text() }),
]);

const attachment = object({ file_id: optional(text()), tools: optional(toolKinds) });

export const messageParams = object({
  role: Type.Enum(['user', 'assistant']),
  content: Type.Union([Type.String(), Type.Array(contentPart, { minItems: 1 })]),
  attachments: optional(Type.Array(attachment)),
  metadata: optional(metadata),
});

export type MessageParams = Type.Static<typeof messageParams>;

export const messageUpdateParams = object({ metadata: clearable(metadata) });
