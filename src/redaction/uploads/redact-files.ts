import { unknownOperation } from '../../openai/operations.ts';
import type { CallRedaction } from '../call-redaction.ts';
import { findInJson } from '../find-in-json.ts';
import { type Found, replaceAll } from '../replace-findings.ts';
import { placeOf } from '../where.ts';
import { failClosed } from './fail-closed.ts';
import { type UploadRedaction, redactText } from './upload-redaction.ts';

/** What the files of a call are redacted with. Many threads read them, so there is no table that could restore them. */
export function redactFiles(call: CallRedaction): UploadRedaction {
  const ofFile = { ...call, table: undefined };
  return failClosed({
    find: async (text) => (await call.finder.findAll([text]))[0]!,
    async replace(found, where) {
      const texts = found.map(({ entity, original }): Found => {
        const findings = [{ entity, from: 0, end: original.length, score: 1 }];
        return { text: original, where, findings };
      });
      const edits = await replaceAll(texts, ofFile);
      return edits.map(([edit], index) => edit?.text ?? found[index]!.original);
    },
    async redactJson(json, where) {
      if (!isJson(json)) return redactText(json, where, this);
      const { found, patch } = await findInJson(Buffer.from(json), placeOf(unknownOperation), ofFile);
      const edits = await replaceAll(
        found.map((each) => ({ ...each, where })),
        ofFile,
      );
      return patch(edits)?.toString('utf8') ?? json;
    },
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
