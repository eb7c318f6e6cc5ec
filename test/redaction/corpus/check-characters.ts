/**
 * Check digits worked out for what is made up here. Written from the rules and not from the detector: where that
 * verifies, this tries what fits, or does the sum in another way.
 */
import { createHash } from 'node:crypto';

/** The one digit that makes the whole sum up, by trying all ten. */
export function withLastDigit(stem: string, isRight: (whole: string) => boolean): string | undefined {
  return [...'0123456789'].map((digit) => stem + digit).find(isRight);
}

/** Luhn by the digits' doubled sums as text: 16 counts 1 + 6. */
export function isLuhn(whole: string): boolean {
  const sums = [...whole].toReversed().map((digit, index) => String(Number(digit) * (1 + (index % 2))));
  return [...sums.join('')].reduce((sum, digit) => sum + Number(digit), 0) % 10 === 0;
}

/** ISO 13616 by one big number. */
export function ibanOf(country: string, account: string): string {
  const letters = (text: string): string =>
    text.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  const check = 98n - (BigInt(letters(`${account}${country}00`)) % 97n);
  return `${country}${String(check).padStart(2, '0')}${account}`;
}

/** Verhoeff by composing symmetries of a pentagon, rather than by tables. */
export function isVerhoeff(whole: string): boolean {
  const compose = (left: number, right: number): number => {
    const [isFlipped, turn] = [left > 4, left % 5];
    if (right < 5) return isFlipped ? 5 + ((turn - right + 5) % 5) : (turn + right) % 5;
    const by = right % 5;
    return isFlipped ? (turn - by + 5) % 5 : 5 + ((turn + by) % 5);
  };
  const step = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
  const permute = (digit: number, times: number): number =>
    times === 0 ? digit : permute(step[digit]!, times - 1);
  return (
    [...whole]
      .toReversed()
      .reduce((sum, digit, place) => compose(sum, permute(Number(digit), place % 8)), 0) === 0
  );
}

/** A sum of digits by weights, from the left. */
export function weigh(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * Number(digits[index]), 0);
}

/** ISO 7064 MOD 11,10, forwards as the standard's example has it. */
export function mod11And10(stem: string): string {
  let carried = 10;
  for (const digit of stem) {
    const sum = (Number(digit) + carried) % 10;
    carried = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return String(carried === 1 ? 0 : 11 - carried);
}

const oddValues: Record<string, number> = Object.fromEntries(
  'B0 A1 K2 P3 L4 C5 Q6 D7 R8 E9 V10 O11 S12 F13 T14 G15 U16 H17 M18 I19 N20 J21 W22 Z23 Y24 X25'
    .split(' ')
    .map((entry) => [entry[0]!, Number(entry.slice(1))]),
);

/** The last letter of an Italian codice fiscale; a digit counts as the letter of its place in the alphabet. */
export function codiceLetter(stem: string): string {
  const letters = [...stem].map((character) =>
    /\d/.test(character) ? 'ABCDEFGHIJ'[Number(character)]! : character,
  );
  const sum = letters.reduce(
    (total, letter, index) => total + (index % 2 === 0 ? oddValues[letter]! : letter.charCodeAt(0) - 65),
    0,
  );
  return String.fromCharCode(65 + (sum % 26));
}

export function base58Check(version: number, hash: Buffer): string {
  const payload = Buffer.concat([Buffer.from([version]), hash]);
  const sha = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
  const whole = Buffer.concat([payload, sha(sha(payload)).subarray(0, 4)]);
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let [value, text] = [BigInt(`0x${whole.toString('hex')}`), ''];
  for (; value > 0n; value /= 58n) text = alphabet[Number(value % 58n)]! + text;
  const zeros = whole.findIndex((byte) => byte !== 0);
  return '1'.repeat(zeros) + text;
}

/** BIP 173 for a witness of version 0, with big numbers in place of 30-bit words. */
export function bech32(prefix: string, program: Buffer): string {
  const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
  const bits = [...program].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const words = [0, ...(bits.match(/.{1,5}/g) ?? []).map((five) => Number.parseInt(five.padEnd(5, '0'), 2))];
  const spread = [...prefix]
    .map((letter) => letter.charCodeAt(0) >> 5)
    .concat(0, ...[...prefix].map((letter) => letter.charCodeAt(0) % 32));
  const generators = [0x3b6a57b2n, 0x26508e6dn, 0x1ea119fan, 0x3d4233ddn, 0x2a1462b3n];
  let sum = 1n;
  for (const word of [...spread, ...words, 0, 0, 0, 0, 0, 0]) {
    const top = sum / 2n ** 25n;
    sum = (sum % 2n ** 25n) * 32n + 0n;
    sum ^= BigInt(word);
    generators.forEach((generator, index) => {
      if ((top / 2n ** BigInt(index)) % 2n === 1n) sum ^= generator;
    });
  }
  sum ^= 1n;
  const check = [5, 4, 3, 2, 1, 0].map((place) => Number((sum / 32n ** BigInt(place)) % 32n));
  return `${prefix}1${[...words, ...check].map((word) => alphabet[word]).join('')}`;
}
