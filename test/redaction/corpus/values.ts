import {
  base58Check,
  bech32,
  codiceLetter,
  ibanOf,
  isLuhn,
  isVerhoeff,
  mod11And10,
  weigh,
  withLastDigit,
} from './check-characters.ts';
import type { Random } from './random.ts';

const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const lower = upper.toLowerCase();
const alphanumeric = `${upper}${lower}0123456789`;
const hex = '0123456789abcdef';

/** Draws until what is drawn is one. */
function until<Value>(draw: () => Value | undefined): Value {
  while (true) {
    const value = draw();
    if (value !== undefined) return value;
  }
}

function group(text: string, sizes: readonly number[], separator: string): string {
  let at = 0;
  return sizes.map((size) => text.slice(at, (at += size))).join(separator);
}

const givenNames = [
  'anna',
  'bob',
  'chen',
  'dmitri',
  'elena',
  'farid',
  'giulia',
  'hans',
  'ines',
  'jose',
  'kenji',
  'lea',
  'mohammed',
  'nina',
  'olaf',
  'priya',
];
const familyNames = [
  'smith',
  'mueller',
  'dubois',
  'garcia',
  'rossi',
  'silva',
  'dejong',
  'sharma',
  'tanaka',
  'wang',
  'haddad',
  'novak',
  'o.brien',
];
const domains = [
  'example.com',
  'mail.example.org',
  'firma.de',
  'exemple.fr',
  'empresa.es',
  'azienda.it',
  'empresa.com.br',
  'bedrijf.nl',
  'company.co.in',
  'kaisha.co.jp',
  'gongsi.com.cn',
  'sharika.ae',
  'xn--mller-kva.de',
  'uni-ulm.example.eu',
  'start.up.io',
];

export function email(random: Random): string {
  const name = random.pick([
    `${random.pick(givenNames)}.${random.pick(familyNames)}`,
    `${random.pick(givenNames)}${random.between(1, 999)}`,
    `${random.pick(givenNames)[0]}_${random.pick(familyNames)}`,
    `${random.pick(givenNames)}+${random.pick(['news', 'shop', 'test1'])}`,
    `${random.pick(familyNames)}-${random.between(1950, 2010)}`,
    random.pick(givenNames).toUpperCase(),
  ]);
  return `${name}@${random.pick(domains)}`;
}

const cardBrands: readonly { prefixes: readonly string[]; length: number; groups: readonly number[] }[] = [
  { prefixes: ['4'], length: 16, groups: [4, 4, 4, 4] },
  { prefixes: ['51', '52', '53', '54', '55', '2221', '2500', '2720'], length: 16, groups: [4, 4, 4, 4] },
  { prefixes: ['34', '37'], length: 15, groups: [4, 6, 5] },
  { prefixes: ['6011', '65', '644'], length: 16, groups: [4, 4, 4, 4] },
  { prefixes: ['3528', '3589'], length: 16, groups: [4, 4, 4, 4] },
  { prefixes: ['36', '300', '38'], length: 14, groups: [4, 6, 4] },
  { prefixes: ['62'], length: 16, groups: [4, 4, 4, 4] },
];

/** `isBare`: without spaces or dashes. */
export function card(random: Random): { text: string; isBare: boolean } {
  const { prefixes, length, groups } = random.pick(cardBrands);
  const prefix = random.pick(prefixes);
  const digits = withLastDigit(prefix + random.digits(length - prefix.length - 1), isLuhn)!;
  const separator = random.pick(['', ' ', ' ', '-', '-', '.']);
  return { text: group(digits, groups, separator), isBare: separator === '' };
}

export function ssn(random: Random, separator: string): string {
  const area = until(() => {
    const drawn = random.between(1, 899);
    return drawn === 666 ? undefined : drawn;
  });
  const parts = [
    [area, 3],
    [random.between(1, 99), 2],
    [random.between(1, 9999), 4],
  ] as const;
  return parts.map(([number, width]) => String(number).padStart(width, '0')).join(separator);
}

export function itin(random: Random, separator: string): string {
  const middle = until(() => {
    const drawn = random.between(50, 99);
    return (drawn > 65 && drawn < 70) || drawn === 89 || drawn === 93 ? undefined : drawn;
  });
  return [`9${random.digits(2)}`, String(middle), random.digits(4)].join(separator);
}

/** Country, and its account as digits (n), letters (a) or both (c). */
const ibanShapes: readonly (readonly [string, string])[] = [
  ['DE', 'n18'],
  ['GB', 'a4n14'],
  ['FR', 'n10c11n2'],
  ['ES', 'n20'],
  ['IT', 'a1n10c12'],
  ['PT', 'n21'],
  ['NL', 'a4n10'],
  ['BE', 'n12'],
  ['AT', 'n16'],
  ['CH', 'n5c12'],
  ['BR', 'n23a1c1'],
  ['SA', 'n2c18'],
  ['AE', 'n19'],
  ['PL', 'n24'],
  ['NO', 'n11'],
];

export function iban(random: Random): string {
  const [country, shape] = random.pick(ibanShapes);
  const account = shape.replace(/([nac])(\d+)/g, (_, kind: string, length: string) =>
    random.text(kind === 'n' ? '0123456789' : kind === 'a' ? upper : `${upper}0123456789`, Number(length)),
  );
  const whole = ibanOf(country, account);
  return random.pick([
    whole,
    whole.replace(/.{4}(?=.)/g, '$& '),
    whole.replace(/.{4}(?=.)/g, '$& '),
    whole.replace(/.{4}(?=.)/g, '$&-'),
  ]);
}

export function ipv4(random: Random): string {
  const first = until(() => {
    const drawn = random.between(1, 223);
    return drawn === 127 ? undefined : drawn;
  });
  return [first, random.between(0, 255), random.between(0, 255), random.between(10, 254)].join('.');
}

export function ipv6(random: Random): string {
  const groups = Array.from({ length: 8 }, () => random.text(hex, 4).replace(/^0{1,3}/, ''));
  if (random.chance(0.5)) return ['2001:db8', ...groups.slice(2)].join(':');
  return `2001:db8:${random.between(1, 9999)}::${groups[7]!}`;
}

export function mac(random: Random): string {
  const pairs = Array.from({ length: 6 }, () => random.text(hex, 2));
  pairs[0] = `0${random.text('02468ace', 1)}`;
  const text = pairs.join(random.pick([':', ':', '-']));
  return random.chance(0.5) ? text.toUpperCase() : text;
}

/** The whole URL, and what of it is to be found. */
export function urlWithCredentials(random: Random): { url: string; credentials: string } {
  const password = random.text(`${alphanumeric}!$*_-`, random.between(6, 16));
  const credentials = `${random.pick(givenNames)}:${password}`;
  const scheme = random.pick(['https', 'http', 'ftp', 'postgres', 'mysql', 'redis', 'mongodb+srv', 'amqp']);
  return {
    url: `${scheme}://${credentials}@${random.pick(['db.internal:5432/app', 'example.com/path?x=1', 'cache.internal:6379/0'])}`,
    credentials,
  };
}

export function nino(random: Random): string {
  const prefix = until(() => {
    const drawn = random.text('ABCEGHJKLMNOPRSTWXYZ', 1) + random.text('ABCEGHJKLMNPRSTWXYZ', 1);
    return /BG|GB|KN|NK|NT|TN|ZZ/.test(drawn) ? undefined : drawn;
  });
  const whole = prefix + random.digits(6) + random.text('ABCD', 1);
  return random.chance(0.5) ? whole : group(whole, [2, 2, 2, 2, 1], ' ');
}

export function nhs(random: Random): string {
  const whole = until(() => {
    const stem = random.pick(['4', '6', '7', '9']) + random.digits(8);
    return withLastDigit(stem, (digits) => weigh(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0);
  });
  return random.pick([whole, group(whole, [3, 3, 4], ' '), group(whole, [3, 3, 4], '-')]);
}

export function sin(random: Random): string {
  const whole = withLastDigit(random.pick([...'12345679']) + random.digits(7), isLuhn)!;
  return random.pick([whole, group(whole, [3, 3, 3], ' '), group(whole, [3, 3, 3], '-')]);
}

export function deTaxId(random: Random): string {
  const stem = until(() => {
    const drawn = random.between(1, 9) + random.digits(9);
    const counts = [...new Set(drawn)]
      .map((digit) => drawn.split(digit).length - 1)
      .filter((count) => count > 1);
    return counts.length === 1 && counts[0]! < 4 ? drawn : undefined;
  });
  const whole = stem + mod11And10(stem);
  return random.chance(0.5) ? whole : group(whole, [2, 3, 3, 3], ' ');
}

export function nif(random: Random): string {
  const letters = 'TRWAGMYFPDXBNJZSQVHLCKE';
  const number = random.digits(8);
  const dni = number + letters[Number(number) % 23]!;
  const rest = random.digits(7);
  const nie = `${random.pick(['X', 'Y', 'Z'])}${rest}`;
  const whole = nie + letters[Number(nie.replace('X', '0').replace('Y', '1').replace('Z', '2')) % 23]!;
  return random.pick([
    dni,
    `${number}-${dni[8]}`,
    `${group(number, [2, 3, 3], '.')}-${dni[8]}`,
    whole,
    `${nie[0]}-${rest}-${whole[8]}`,
  ]);
}

export function codiceFiscale(random: Random): string {
  const consonants = 'BCDFGLMNPRSTVZ';
  const stem = [
    random.text(consonants, 6),
    random.digits(2),
    random.pick([...'ABCDEHLMPRST']),
    String(random.pick([random.between(1, 31), random.between(41, 71)])).padStart(2, '0'),
    random.pick([...'ABCDEFGHILMZ']),
    random.digits(3),
  ].join('');
  const whole = stem + codiceLetter(stem);
  return random.chance(0.9) ? whole : whole.toLowerCase();
}

export function nir(random: Random): string {
  const department = random.pick([
    String(random.between(1, 95)).padStart(2, '0').replace('20', '2A'),
    '2A',
    '2B',
    '75',
    '13',
  ]);
  const stem = [
    random.pick(['1', '2']),
    random.digits(2),
    String(random.between(1, 12)).padStart(2, '0'),
    department,
    random.digits(6),
  ].join('');
  const key = 97n - (BigInt(stem.replace('2A', '19').replace('2B', '18')) % 97n);
  const whole = stem + String(key).padStart(2, '0');
  return random.chance(0.5) ? whole : group(whole, [1, 2, 2, 2, 3, 3, 2], ' ');
}

export function bsn(random: Random): string {
  const whole = until(() =>
    withLastDigit(
      random.between(1, 9) + random.digits(7),
      (digits) => (weigh(digits, [9, 8, 7, 6, 5, 4, 3, 2]) - Number(digits[8])) % 11 === 0,
    ),
  );
  return random.pick([whole, whole, group(whole, [4, 2, 3], '.')]);
}

export function aadhaar(random: Random): string {
  const whole = withLastDigit(random.between(2, 9) + random.digits(10), isVerhoeff)!;
  return random.pick([whole, group(whole, [4, 4, 4], ' '), group(whole, [4, 4, 4], '-')]);
}

export function pan(random: Random): string {
  return (
    random.text(upper, 3) +
    random.pick([...'PCHFATBLJG']) +
    random.text(upper, 1) +
    random.digits(4) +
    random.text(upper, 1)
  );
}

export function cpf(random: Random): string {
  const stem = until(() => {
    const drawn = random.digits(9);
    return new Set(drawn).size > 1 ? drawn : undefined;
  });
  const next = (digits: string): string => {
    const rest =
      [...digits].reduce((sum, digit, index) => sum + Number(digit) * (digits.length + 1 - index), 0) % 11;
    return digits + String(rest < 2 ? 0 : 11 - rest);
  };
  const whole = next(next(stem));
  return random.chance(0.3) ? whole : `${group(whole.slice(0, 9), [3, 3, 3], '.')}-${whole.slice(9)}`;
}

export function tfn(random: Random): string {
  const whole = until(() =>
    withLastDigit(
      random.between(1, 9) + random.digits(7),
      (digits) => weigh(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
    ),
  );
  return random.pick([whole, group(whole, [3, 3, 3], ' ')]);
}

export function nric(random: Random): string {
  const series = random.pick(['S', 'T', 'F', 'G']);
  const digits = random.digits(7);
  const sum = weigh(digits, [2, 7, 6, 5, 4, 3, 2]) + ('TG'.includes(series) ? 4 : 0);
  const table = 'ST'.includes(series) ? 'ABCDEFGHIZJ' : 'KLMNPQRTUWX';
  return series + digits + table[10 - (sum % 11)]!;
}

export function wallet(random: Random): string {
  const hash = Buffer.from(random.text(hex, 40), 'hex');
  return random.pick([
    () => base58Check(0x00, hash),
    () => base58Check(0x05, hash),
    () => base58Check(0x30, hash),
    () => base58Check(0x41, hash),
    () => bech32('bc', hash),
    () => bech32('ltc', hash),
    () => `0x${random.text(`${hex}ABCDEF`, 40)}`,
  ])();
}

export function secret(random: Random): string {
  const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return random.pick([
    () => `sk-proj-${random.text(`${alphanumeric}_-`, 48)}9a`,
    () => `sk-ant-api03-${random.text(`${alphanumeric}_-`, 80)}`,
    () => `sk_live_${random.text(alphanumeric, 24)}`,
    () => `ghp_${random.text(alphanumeric, 36)}`,
    () => `github_pat_${random.text(alphanumeric, 22)}_${random.text(alphanumeric, 59)}`,
    () => `glpat-${random.text(alphanumeric, 20)}`,
    () => `xoxb-${random.digits(12)}-${random.digits(12)}-${random.text(alphanumeric, 24)}`,
    () => `AKIA${random.text(`${upper}234567`, 16)}`,
    () => `AIza${random.text(`${alphanumeric}_-`, 35)}`,
    () => `SG.${random.text(alphanumeric, 22)}.${random.text(alphanumeric, 43)}`,
    () => `npm_${random.text(alphanumeric, 36)}`,
    () => `hf_${random.text(`${upper}${lower}`, 34)}`,
    () =>
      `${base64({ alg: random.pick(['HS256', 'RS256']), typ: 'JWT' })}.${base64({ sub: random.digits(10), name: random.pick(givenNames), iat: 1_700_000_000 })}.${random.text(`${alphanumeric}_-`, 43)}`,
    () =>
      `-----BEGIN PRIVATE KEY-----\n${random.text(`${alphanumeric}+/`, 64)}\n${random.text(`${alphanumeric}+/`, 64)}\n${random.text(`${alphanumeric}+/`, 30)}==\n-----END PRIVATE KEY-----`,
  ])();
}
