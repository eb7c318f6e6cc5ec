import { orderNumber, technicalDecoy } from './decoys.ts';
import { type Language, languages } from './languages.ts';
import { phone } from './phone-values.ts';
import { type Random, createRandom } from './random.ts';
import * as values from './values.ts';

export interface Label {
  readonly entity: string;
  readonly from: number;
  readonly end: number;
}

export interface LabelledSentence {
  readonly language: string;
  readonly text: string;
  /** In their order. */
  readonly labels: readonly Label[];
}

/** Entities whose form or check digits alone tell them, or do with one word near by. */
export const validatedEntities = [
  'EMAIL',
  'PHONE',
  'CREDIT_CARD',
  'US_SSN',
  'US_ITIN',
  'IBAN',
  'IP_ADDRESS',
  'MAC_ADDRESS',
  'URL_CREDENTIALS',
  'UK_NINO',
  'UK_NHS',
  'CA_SIN',
  'DE_TAX_ID',
  'ES_NIF',
  'IT_CODICE_FISCALE',
  'FR_NIR',
  'NL_BSN',
  'IN_AADHAAR',
  'IN_PAN',
  'BR_CPF',
  'AU_TFN',
  'SG_NRIC',
  'CRYPTO_WALLET',
  'SECRET',
] as const;

/** The same seed and count, the same sentences. Two in five are decoys alone; of the others one in four holds one too. */
export function makeSentences(seed: number, count: number): LabelledSentence[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => sentence(random, languages[index % languages.length]!));
}

function sentence(random: Random, language: Language): LabelledSentence {
  const isDecoy = random.chance(0.4);
  const parts: (string | Piece)[] = [random.pick(language.openings)];
  if (isDecoy || random.chance(0.25)) parts.push(decoy(random, language));
  if (!isDecoy) parts.push(random.pick(makers)(random, language));
  if (!isDecoy && random.chance(0.15)) parts.push('\n', random.pick(makers)(random, language));
  parts.push(random.pick(language.closings));
  let text = '';
  const labels: Label[] = [];
  for (const part of parts) {
    if (part === '') continue;
    if (text !== '' && !text.endsWith('\n') && part !== '\n')
      text += random.pick([' ', ' ', '. ', '; ', '\n']);
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const [before, after] = part.phrase.split('@') as [string, string];
    const from = text.length + before.length + part.offset;
    labels.push({ entity: part.entity, from, end: from + part.length });
    text += before + part.written + after;
  }
  return { language: language.name, text, labels };
}

interface Piece {
  readonly entity: string;
  /** With an `@` where it goes. */
  readonly phrase: string;
  readonly written: string;
  /** What of it is to be found. */
  readonly offset: number;
  readonly length: number;
}

type Maker = (random: Random, language: Language) => Piece;

function piece(entity: string, phrase: string, written: string, wanted = written): Piece {
  return { entity, phrase, written, offset: written.indexOf(wanted), length: wanted.length };
}

function decoy(random: Random, language: Language): string {
  if (random.chance(0.35)) return random.pick(language.order).replace('@', orderNumber(random));
  return technicalDecoy(random);
}

/** Half of what stands alone has no word near by that names it. */
const plain = ['@', 'see @', '@ (new)', '"value": "@"', '| @ |', 'x=@', '- @'];
const alone = (random: Random, phrases: readonly string[]): string =>
  random.pick(random.chance(0.5) ? plain : phrases);

const makers: readonly Maker[] = [
  (random, { email }) => piece('EMAIL', alone(random, email), values.email(random)),
  (random, { phone: phrases, countries }) => {
    const number = phone(random, random.pick(countries));
    return piece('PHONE', number.standsAlone ? alone(random, phrases) : random.pick(phrases), number.text);
  },
  (random, { phone: phrases, countries }) =>
    piece('PHONE', random.pick(phrases), phone(random, random.pick(countries)).text),
  (random, { card: phrases }) => piece('CREDIT_CARD', alone(random, phrases), card(random)),
  (random, { iban }) => piece('IBAN', alone(random, iban), values.iban(random)),
  (random, { ip }) =>
    piece('IP_ADDRESS', alone(random, ip), random.chance(0.7) ? values.ipv4(random) : values.ipv6(random)),
  (random) =>
    piece('MAC_ADDRESS', random.pick(['@', 'device @', 'MAC: @', '"mac": "@"']), values.mac(random)),
  (random) => {
    const { url, credentials } = values.urlWithCredentials(random);
    return piece(
      'URL_CREDENTIALS',
      random.pick(['@', 'DATABASE_URL=@', 'clone @ first', '"url": "@"']),
      url,
      credentials,
    );
  },
  (random) =>
    piece(
      'US_SSN',
      random.pick(['@', 'my SSN is @', 'social security number: @', '"ssn": "@"']),
      values.ssn(random, '-'),
    ),
  (random) =>
    piece(
      'US_SSN',
      random.pick(['my SSN is @', 'social security number @', 'SSN: @']),
      values.ssn(random, random.pick(['', ' '])),
    ),
  (random) => piece('US_ITIN', random.pick(['@', 'ITIN @', 'my ITIN: @']), values.itin(random, '-')),
  (random) =>
    piece(
      'UK_NINO',
      random.pick(['@', 'NI number @', 'national insurance no @', 'NINO: @']),
      values.nino(random),
    ),
  (random) =>
    piece('UK_NHS', random.pick(['NHS number @', 'NHS no. @', 'patient @ was seen']), values.nhs(random)),
  (random) =>
    piece(
      'CA_SIN',
      random.pick(['my SIN is @', 'social insurance number @', "numéro d'assurance sociale @", 'NAS : @']),
      values.sin(random),
    ),
  (random) =>
    piece(
      'DE_TAX_ID',
      random.pick([
        'Steuer-ID @',
        'Steueridentifikationsnummer: @',
        'meine IdNr. lautet @',
        'steuerliche Identifikationsnummer @',
      ]),
      values.deTaxId(random),
    ),
  (random) => piece('ES_NIF', random.pick(['@', 'DNI @', 'mi NIF es @', 'NIE: @']), values.nif(random)),
  (random) =>
    piece(
      'IT_CODICE_FISCALE',
      random.pick(['@', 'codice fiscale @', 'C.F. @', 'CF: @']),
      values.codiceFiscale(random),
    ),
  (random) =>
    piece(
      'FR_NIR',
      random.pick(['@', 'numéro de sécurité sociale : @', 'NIR @', 'n° de sécu @']),
      values.nir(random),
    ),
  (random) =>
    piece('NL_BSN', random.pick(['BSN @', 'burgerservicenummer: @', 'mijn BSN is @']), values.bsn(random)),
  (random) =>
    piece(
      'IN_AADHAAR',
      random.pick(['Aadhaar @', 'my Aadhaar number is @', 'आधार संख्या @', 'UIDAI: @']),
      values.aadhaar(random),
    ),
  (random) =>
    piece(
      'IN_PAN',
      random.pick(['@', 'PAN @', 'PAN card: @', 'my permanent account number is @']),
      values.pan(random),
    ),
  (random) =>
    piece('BR_CPF', random.pick(['CPF @', 'meu CPF é @', 'CPF: @', 'CPF nº @']), values.cpf(random)),
  (random) => piece('AU_TFN', random.pick(['TFN @', 'tax file number @', 'my TFN is @']), values.tfn(random)),
  (random) => piece('SG_NRIC', random.pick(['@', 'NRIC @', 'my NRIC is @', 'FIN: @']), values.nric(random)),
  (random) =>
    piece('CRYPTO_WALLET', random.pick(['@', 'send it to @', 'wallet: @', 'BTC @']), values.wallet(random)),
  (random) =>
    piece(
      'SECRET',
      random.pick(['@', 'key=@', 'token: @', 'Authorization: Bearer @', 'export KEY="@"']),
      values.secret(random),
    ),
  (random, { born, date, months }) => {
    const [day, month, year] = [random.between(1, 28), random.between(1, 12), random.between(1930, 2015)];
    return piece('DATE_OF_BIRTH', random.pick(born), date(random, day, month, year, months));
  },
  (random, { passport }) =>
    piece(
      'PASSPORT',
      random.pick(passport),
      random.pick([
        random.digits(9),
        `C${random.digits(8)}`,
        `${random.text('ABCDEFGHKMPRT', 2)}${random.digits(7)}`,
      ]),
    ),
];

/** Bare digits need no more than Luhn and a brand, unless the brand is one whose range is wide. */
function card(random: Random): string {
  return values.card(random).text;
}
