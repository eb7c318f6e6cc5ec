import type { CallRedaction } from './call-redaction.ts';
import { type JsonTexts, counts, findTexts } from './json/find-texts.ts';
import type { Place } from './json/place.ts';
import type { Found } from './replace-findings.ts';

interface FoundInJson extends Pick<JsonTexts, 'patch'> {
  /** One for each text. */
  readonly found: readonly Found[];
}

/** What is found in the texts of a JSON body, and how that is edited. */
export async function findInJson(
  bytes: Buffer,
  place: Place,
  { finder, allowed, table, addOwnPlaceholders }: CallRedaction,
): Promise<FoundInJson> {
  const { texts, patch } = findTexts(bytes, place);
  const findings = await finder.findAll(texts.map(({ text }) => text));
  const isAllowed = (text: string) => allowed.size > 0 && allowed.has(text.toLowerCase());
  const found = texts.map((each, index): Found => {
    const { text, key, isName } = each;
    const own = findings[index]!.filter(
      (finding) => counts(each, finding) && !isAllowed(text.slice(finding.from, finding.end)),
    );
    const plain = { text, where: placeName(key), findings: own, isName };
    // Nothing is restored without a table, so nothing could be mistaken.
    return table ? addOwnPlaceholders(plain) : plain;
  });
  return { found, patch };
}

/** Names of the API's own members; a caller's may be anybody's. */
function placeName(key: string): string {
  return /^[a-z_]{1,40}$/.test(key) ? key : '';
}
