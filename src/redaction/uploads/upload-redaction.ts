import type { Finding } from '../detector.ts';
import type { Original } from '../vault.ts';

/** What the text of an upload is redacted with. Whatever it throws ends the upload. */
export interface UploadRedaction {
  /** See `Detector`; also by asking others. */
  find(text: string): readonly Finding[] | Promise<readonly Finding[]>;
  /**
   * What is written in place of each, in their order; where it is only observed, the original itself. `where` names
   * the part for messages, and holds nothing of it.
   */
  replace(found: readonly Original[], where: string): readonly string[] | Promise<readonly string[]>;
  /** A JSON text, such as a line of a JSONL file, redacted: still JSON. What turns out to be none is a text. */
  redactJson(json: string, where: string): string | Promise<string>;
}

/** Redacts a text that is there as a whole. */
export async function redactText(
  text: string,
  where: string,
  redaction: Pick<UploadRedaction, 'find' | 'replace'>,
): Promise<string> {
  const findings = await redaction.find(text);
  return replaceFindings(text, findings, where, redaction);
}

export async function replaceFindings(
  text: string,
  findings: readonly Finding[],
  where: string,
  { replace }: Pick<UploadRedaction, 'replace'>,
): Promise<string> {
  if (findings.length === 0) return text;
  const found = findings.map(({ entity, from, end }) => ({ entity, original: text.slice(from, end) }));
  const replacements = await replace(found, where);
  let redacted = '';
  let copiedTo = 0;
  for (const [index, { from, end }] of findings.entries()) {
    redacted += text.slice(copiedTo, from) + replacements[index]!;
    copiedTo = end;
  }
  return redacted + text.slice(copiedTo);
}
