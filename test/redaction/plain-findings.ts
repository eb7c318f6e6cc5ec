import type { Edit } from '../../src/redaction/edits.ts';
import { type JsonTexts, counts, findTexts } from '../../src/redaction/json/find-texts.ts';
import type { Place } from '../../src/redaction/json/place.ts';

/** Card numbers and addresses as a plain detector would find them, and what stands in their place. */
export function findPlain(text: string): Edit[] {
  return [...text.matchAll(plainPattern)].map((match) => ({
    from: match.index,
    end: match.index + match[0].length,
    text: match[0].includes('@') ? '[EMAIL]' : '[CREDIT_CARD]',
  }));
}

const plainPattern =
  /(?<!\d)\d{4}(?: ?\d{4}){3}(?!\d)|(?<![a-z])[a-z]{1,20}(?:\.[a-z]{1,20})?@[a-z]{1,20}\.example(?![a-z])/g;

export function redactPlain(text: string): string {
  return text.replace(plainPattern, (found) => (found.includes('@') ? '[EMAIL]' : '[CREDIT_CARD]'));
}

/** A body with its plain findings masked; undefined if there are none. */
export function redactBody(json: string | Buffer, place: Place): string | undefined {
  const { texts, patch } = findTexts(Buffer.from(json), place);
  return patch(texts.map((each) => findPlain(each.text).filter((edit) => counts(each, edit))))?.toString();
}

export function textsOf(json: string | Buffer, place: Place): string[] {
  return findTexts(Buffer.from(json), place).texts.map(({ text }) => text);
}

export function noEdits({ texts }: JsonTexts): Edit[][] {
  return texts.map(() => []);
}
