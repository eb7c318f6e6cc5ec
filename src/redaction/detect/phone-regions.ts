import type { CountryCode } from 'libphonenumber-js/max';

/** Countries whose people would call it by that word. */
const regionsByWord: readonly { words: RegExp; regions: readonly CountryCode[] }[] = [
  { words: /telefon\p{L}*|handy|mobil|rückruf|anruf|rufen|erreich/u, regions: ['DE', 'AT', 'CH'] },
  { words: /téléphon|portable|appel|joindre|tél/u, regions: ['FR', 'BE', 'CH'] },
  { words: /teléfono|móvil|celular|llam/u, regions: ['ES', 'MX', 'AR', 'CO'] },
  { words: /telefono|cellulare|chiam/u, regions: ['IT'] },
  { words: /telefone|telem[oó]vel|celular|lig/u, regions: ['BR', 'PT'] },
  { words: /telefoon|mobiel|bel/u, regions: ['NL', 'BE'] },
  { words: /[\u0900-\u097f]/, regions: ['IN'] },
  { words: /電|携帯/, regions: ['JP'] },
  { words: /电话|手机/, regions: ['CN'] },
  { words: /[\u0600-\u06ff]/, regions: ['AE', 'SA', 'EG'] },
];

/** Where a number without a country code may be from when words say that it is one. */
export function regionsFor(words: string, defaults: readonly CountryCode[]): CountryCode[] {
  const regions = new Set(defaults);
  for (const entry of regionsByWord)
    if (entry.words.test(words)) for (const region of entry.regions) regions.add(region);
  for (const region of englishRegions) regions.add(region);
  return [...regions];
}

const englishRegions: readonly CountryCode[] = ['US', 'GB', 'IN', 'AU', 'DE', 'FR', 'ES', 'IT', 'NL', 'BR'];

/** The digits of a national number, as a first sieve: the library takes a hundred times as long. */
const shapes: Partial<Record<CountryCode, RegExp>> = {
  US: /^1?[2-9]\d{2}[2-9]\d{6}$/,
  CA: /^1?[2-9]\d{2}[2-9]\d{6}$/,
  GB: /^0[1-357-9]\d{8,9}$/,
  IN: /^0?[6-9]\d{9}$|^0\d{10}$/,
  AU: /^0[23478]\d{8}$|^1[38]00\d{6}$/,
  DE: /^0[1-9]\d{5,11}$/,
  AT: /^0[1-9]\d{5,12}$/,
  CH: /^0[1-9]\d{8}$/,
  FR: /^0[1-9]\d{8}$/,
  BE: /^0[1-9]\d{7,8}$/,
  ES: /^[6-9]\d{8}$/,
  MX: /^[2-9]\d{9}$/,
  AR: /^0?(?:11|[23])\d{8,9}$/,
  CO: /^[36]\d{9}$/,
  IT: /^0\d{5,10}$|^3\d{8,9}$/,
  BR: /^0?[1-9]{2}9\d{8}$|^0?[1-9]{2}[2-5]\d{7}$/,
  PT: /^[29]\d{8}$/,
  NL: /^0[1-9]\d{8}$/,
  JP: /^0\d{9,10}$/,
  CN: /^1[3-9]\d{9}$|^0\d{9,11}$/,
  AE: /^0[2-9]\d{7,8}$/,
  SA: /^0[15]\d{7,8}$/,
  EG: /^0[1-9]\d{7,9}$/,
};

/** Whether it may be a number of any country here: most digits in a text may not. */
export function mayBePhone(digits: string): boolean {
  return digits.length <= longest && anyShape.test(digits);
}

export function mayBeNational(digits: string, region: CountryCode): boolean {
  return shapes[region]?.test(digits) ?? true;
}

/** In Austria. */
const longest = 14;

const anyShape = new RegExp([...new Set(Object.values(shapes).map(({ source }) => source))].join('|'));
