import { ProxyError } from '../../errors.ts';
import type { TextWindow } from './text-window.ts';
import type { UploadRedaction } from './upload-redaction.ts';

/** A line, or a whole JSON document, is held in memory. */
const maxChars = 8_388_608;

/**
 * Redacts each line for itself; line ends and empty lines stay as they are. Throws `unscannable_upload` at a line that
 * is too long.
 */
export function createJsonLines(
  { redactJson }: Pick<UploadRedaction, 'redactJson'>,
  where: string,
): TextWindow {
  let pending = '';
  return {
    async push(text) {
      let redacted = '';
      let from = 0;
      for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
        redacted += await redactContent(pending + text.slice(from, at + 1), where, redactJson);
        pending = '';
        from = at + 1;
      }
      pending += text.slice(from);
      refuseLong(pending, where);
      return redacted;
    },
    end: () => redactContent(pending, where, redactJson),
  };
}

/** Redacts what is one JSON document. Throws `unscannable_upload` at a large one. */
export function createJsonDocument(
  { redactJson }: Pick<UploadRedaction, 'redactJson'>,
  where: string,
): TextWindow {
  let pending = '';
  return {
    async push(text) {
      pending += text;
      refuseLong(pending, where);
      return '';
    },
    end: () => redactContent(pending, where, redactJson),
  };
}

/** What is around a JSON text stays: spaces, its line's end, and a byte order mark. */
async function redactContent(
  text: string,
  where: string,
  redactJson: UploadRedaction['redactJson'],
): Promise<string> {
  const json = text.trim();
  if (json === '') return text;
  const from = text.indexOf(json);
  return text.slice(0, from) + (await redactJson(json, where)) + text.slice(from + json.length);
}

function refuseLong(json: string, where: string): void {
  if (json.length <= maxChars) return;
  throw new ProxyError('unscannable_upload', {
    message: `A JSON text in ${where} has more than ${maxChars / 1_048_576} Mi characters, and is too long to be scanned. Send JSONL, with shorter lines.`,
  });
}
