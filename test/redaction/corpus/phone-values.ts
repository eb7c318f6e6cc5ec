import type { Random } from './random.ts';

export interface PhoneNumber {
  readonly text: string;
  /** Its country code is there, or North America's usual grouping: no words are needed. */
  readonly standsAlone: boolean;
}

/**
 * By country: how numbers of it are written at home, as the national plans have them; `#` is any digit, `N` 2 to 9.
 * Behind the bar, the same as it goes behind the country code.
 */
const plans: Readonly<Record<string, { code: string; shapes: readonly string[] }>> = {
  US: {
    code: '1',
    shapes: [
      '(212) N##-####|212 N## ####',
      '415-N##-####|415-N##-####',
      '312.N##.####|312 N## ####',
      '617 N## ####|617 N## ####',
    ],
  },
  GB: {
    code: '44',
    shapes: [
      '020 7946 ####|20 7946 ####',
      '07700 900###|7700 900###',
      '0161 496 ####|161 496 ####',
      '07911 12####|7911 12####',
    ],
  },
  DE: {
    code: '49',
    shapes: [
      '030 2345####|30 2345####',
      '0171 23#####|171 23#####',
      '089/32####|89 32####',
      '0151-2345####|151 2345####',
      '040 32 ## ## ##|40 32 ## ## ##',
    ],
  },
  FR: {
    code: '33',
    shapes: [
      '06 1# ## ## ##|6 1# ## ## ##',
      '01.42.##.##.##|1 42 ## ## ##',
      '07 8# ## ## ##|7 8# ## ## ##',
      '0612######|612######',
    ],
  },
  ES: {
    code: '34',
    shapes: ['612 ### ###|612 ### ###', '91 523 ## ##|91 523 ## ##', '655 ## ## ##|655 ## ## ##'],
  },
  IT: {
    code: '39',
    shapes: ['06 6982 ####|06 6982 ####', '347 12# ####|347 12# ####', '02 8646 ####|02 8646 ####'],
  },
  BR: {
    code: '55',
    shapes: ['(11) 98###-####|11 98###-####', '(21) 99###-####|21 99###-####', '11 3###-####|11 3###-####'],
  },
  NL: {
    code: '31',
    shapes: ['06 1234 ####|6 1234 ####', '06-4#######|6 4#######', '020 623 ####|20 623 ####'],
  },
  IN: {
    code: '91',
    shapes: ['98765 #####|98765 #####', '9123######|9123######', '080 2345 ####|80 2345 ####'],
  },
  JP: {
    code: '81',
    shapes: ['090-1234-####|90-1234-####', '03-3212-####|3-3212-####', '080-5###-####|80-5###-####'],
  },
  CN: {
    code: '86',
    shapes: ['138 1234 ####|138 1234 ####', '1391234####|139 1234 ####', '010-6552-####|10 6552 ####'],
  },
  AE: { code: '971', shapes: ['050 123 ####|50 123 ####', '04 321 ####|4 321 ####'] },
};

const fill = (shape: string, random: Random): string =>
  shape.replace(/[#N]/g, (place) => String(place === 'N' ? random.between(3, 9) : random.between(0, 9)));

export function phone(random: Random, country: string): PhoneNumber {
  const { code, shapes } = plans[country]!;
  const [home, abroad] = random.pick(shapes).split('|') as [string, string];
  if (random.chance(0.5)) return { text: fill(home, random), standsAlone: country === 'US' };
  const plus = random.pick([`+${code} `, `+${code} `, `+${code}`, `00${code} `]);
  return { text: fill(plus + abroad, random), standsAlone: !plus.startsWith('00') };
}
