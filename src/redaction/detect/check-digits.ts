/** Check digits over digits as text. Each says where its rule comes from; all take digits only. */

const zero = 48;

function digitAt(digits: string, index: number): number {
  return digits.charCodeAt(index) - zero;
}

function weightedSum(digits: string, weights: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < weights.length; index += 1) sum += digitAt(digits, index) * weights[index]!;
  return sum;
}

/** ISO/IEC 7812-1, annex B. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = digits.length - 1, doubled = false; index >= 0; index -= 1, doubled = !doubled) {
    const digit = digitAt(digits, index);
    sum += doubled ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
  }
  return sum % 10 === 0;
}

/** ISO 7064, MOD 97-10, as ISO 13616 uses it: letters count 10 to 35. */
export function passesMod97(characters: string): boolean {
  let remainder = 0;
  for (let index = 0; index < characters.length; index += 1) {
    const code = characters.charCodeAt(index);
    remainder = (code < 65 ? remainder * 10 + code - zero : remainder * 100 + code - 55) % 97;
  }
  return remainder === 1;
}

/** Verhoeff 1969, in the dihedral group of order 10; India's Aadhaar ends with such a digit. */
export function passesVerhoeff(digits: string): boolean {
  let check = 0;
  for (let index = digits.length - 1, place = 0; index >= 0; index -= 1, place += 1) {
    const permuted = verhoeffPermutations[place % 8]!.charCodeAt(digitAt(digits, index)) - zero;
    check = verhoeffProducts[check]!.charCodeAt(permuted) - zero;
  }
  return check === 0;
}

const verhoeffProducts = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];

const verhoeffPermutations = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

/** NHS Data Dictionary, NHS NUMBER: weights 10 to 2, modulus 11. */
export function passesNhs(digits: string): boolean {
  const check = 11 - (weightedSum(digits, downFromTen) % 11);
  return check !== 10 && check % 11 === digitAt(digits, 9);
}

const downFromTen = [10, 9, 8, 7, 6, 5, 4, 3, 2];

/** The "elfproef" of the Dutch BSN: weights 9 to 2 and -1, modulus 11. */
export function passesBsn(digits: string): boolean {
  return digits !== '000000000' && weightedSum(digits, bsnWeights) % 11 === 0;
}

const bsnWeights = [9, 8, 7, 6, 5, 4, 3, 2, -1];

/** Australian Taxation Office, TFN of nine digits: modulus 11. */
export function passesTfn(digits: string): boolean {
  return digits !== '000000000' && weightedSum(digits, tfnWeights) % 11 === 0;
}

const tfnWeights = [1, 4, 3, 7, 5, 8, 6, 9, 10];

/** Receita Federal, CPF: two check digits, modulus 11. A number of one digit alone is none. */
export function passesCpf(digits: string): boolean {
  if (digits === digits[0]!.repeat(11)) return false;
  const first = ((weightedSum(digits, downFromTen) * 10) % 11) % 10;
  const second = ((weightedSum(digits, downFromEleven) * 10) % 11) % 10;
  return first === digitAt(digits, 9) && second === digitAt(digits, 10);
}

const downFromEleven = [11, ...downFromTen];

/**
 * Bundeszentralamt fuer Steuern, Identifikationsnummer: ISO 7064 MOD 11,10; of the first ten digits one stands
 * there twice or three times, the others once at most.
 */
export function passesDeTaxId(digits: string): boolean {
  if (digits[0] === '0') return false;
  const counts = new Uint8Array(10);
  for (let index = 0; index < 10; index += 1) counts[digitAt(digits, index)]! += 1;
  const repeated = counts.filter((count) => count > 1);
  if (repeated.length !== 1 || repeated[0]! > 3) return false;
  let product = 10;
  for (let index = 0; index < 10; index += 1) {
    const sum = (digitAt(digits, index) + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === digitAt(digits, 10);
}

/** INSEE, NIR with its key: 97 minus the number modulo 97; Corsica's 2A and 2B count as 19 and 18. */
export function passesNir(characters: string): boolean {
  const digits = characters.replace('2A', '19').replace('2B', '18');
  if (!/^[1-478]\d{14}$/.test(digits)) return false;
  const month = Number(digits.slice(3, 5));
  // 20 and above: the month is not known.
  if (month === 0 || (month > 12 && month < 20)) return false;
  return 97 - (Number(digits.slice(0, 13)) % 97) === Number(digits.slice(13));
}

/** Direccion General de la Policia: the letter of a DNI is its number modulo 23; X, Y and Z count 0, 1 and 2. */
export function passesNif(characters: string): boolean {
  const number = Number(
    'XYZ'.includes(characters[0]!)
      ? 'XYZ'.indexOf(characters[0]!) + characters.slice(1, 8)
      : characters.slice(0, 8),
  );
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23] === characters[8];
}

/** D.M. 23 December 1976: odd places count by a table of their own. */
export function passesCodiceFiscale(characters: string): boolean {
  let sum = 0;
  for (let index = 0; index < 15; index += 1) {
    const code = characters.charCodeAt(index);
    const value = code < 65 ? code - zero : code - 65;
    sum += index % 2 === 0 ? codiceOdd[value]! : value;
  }
  return sum % 26 === characters.charCodeAt(15) - 65;
}

const codiceOdd = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/** Weights 2, 7, 6, 5, 4, 3, 2; the letters differ by series (S and T, F and G, M), which T, G and M shift. */
export function passesNric(characters: string): boolean {
  const series = characters[0]!;
  const shift = series === 'T' || series === 'G' ? 4 : series === 'M' ? 3 : 0;
  const remainder = (weightedSum(characters.slice(1, 8), [2, 7, 6, 5, 4, 3, 2]) + shift) % 11;
  if (series === 'S' || series === 'T') return 'JZIHGFEDCBA'[remainder] === characters[8];
  if (series === 'M') return 'XWUTRQPNJLK'[remainder] === characters[8];
  return 'XWUTRQPNMLK'[remainder] === characters[8];
}
