/** What the scan of a text does with a UTF-16 unit; a unit that nothing can start or hinge on is `plain`. */
export const kind = {
  plain: 0,
  digit: 1,
  at: 2,
  colon: 3,
  /** `-`, `_` and `.`, that end the prefix of many keys. */
  joint: 4,
  percent: 5,
  equals: 6,
  /** Stands for another character, or for none: the text has to be folded first. */
  lookAlike: 7,
} as const;

/** One entry for every UTF-16 unit, as a look-up is all that most characters can cost. */
export function createKinds(): Uint8Array {
  const kinds = new Uint8Array(65_536);
  for (let code = 0x80; code < 65_536; code += 1) {
    if (foldedUnit(code) !== undefined) kinds[code] = kind.lookAlike;
  }
  // The first half of a mathematical digit, and of much else: only folding tells.
  kinds[mathematicalHigh] = kind.lookAlike;
  const set = (characters: string, value: number): void => {
    for (const character of characters) kinds[character.charCodeAt(0)] = value;
  };
  set('0123456789', kind.digit);
  set('@', kind.at);
  set(':', kind.colon);
  set('-_.', kind.joint);
  set('%', kind.percent);
  set('=', kind.equals);
  return kinds;
}

export const mathematicalHigh = 0xd835;

/** Whether this second half makes it a digit, of one of five styles. */
export function isMathematicalDigit(low: number): boolean {
  return low >= 0xdfce && low <= 0xdfff;
}

/** The ASCII character that a unit stands for, the empty text if it is not to be seen at all. */
export function foldedUnit(code: number): string | undefined {
  if (code === 0xad || code === 0x34f || code === 0x61c || code === 0x180e || code === 0xfeff) return '';
  if ((code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e)) return '';
  if (code >= 0x2060 && code <= 0x2069) return '';
  if (code === 0xa0 || code === 0x202f || code === 0x205f || (code >= 0x2000 && code <= 0x200a)) return ' ';
  // In Chinese and Japanese the ideographic space parts words as a space does.
  if (code === 0x3000) return ' ';
  if ((code >= 0x2010 && code <= 0x2015) || code === 0x2212 || code === 0xfe63) return '-';
  if (code === 0xfe6b) return '@';
  if (code === 0x2024 || code === 0xff61) return '.';
  if (fullWidth.includes(String.fromCharCode(code))) return String.fromCharCode(code - 0xfee0);
  const zero = zeros.find((first) => code >= first && code < first + 10);
  return zero === undefined ? undefined : String(code - zero);
}

/** Punctuation that Chinese and Japanese prose is full of is left out: nothing hinges on it. */
const fullWidth =
  '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ＋－．／＠＿';

/** The digits zero of scripts whose digits people type: Arabic, Persian, Indic, Thai, Lao, Tibetan, Burmese, Khmer. */
const zeros = [
  0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040,
  0x17e0,
];
