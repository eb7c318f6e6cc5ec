import { passesLuhn } from './check-digits.ts';
import { type NumberGroups, commonGap, gap, hasShape } from './number-groups.ts';

/** What the groups up to `last` are worth as a card number; undefined if they are none. */
export function weighCard(groups: NumberGroups, last: number): number | undefined {
  const length = groups.digitCounts[last]!;
  if (length < 13 || length > 19) return undefined;
  const digits = groups.digits.slice(0, length);
  if (!passesLuhn(digits)) return undefined;
  const brand = brandsByLength.get(length)?.find(({ starts }) => starts.test(digits));
  if (!brand) return undefined;
  // Half of all cards' numbers are drawn by lot, but no such run is.
  if (/^(\d)\1*$/.test(digits)) return undefined;
  if (last === 0) return brand.isWeak ? 0.3 : 0.7;
  const kind = commonGap(groups, last);
  if (usualShapes.some((shape) => hasShape(groups, last, shape))) return kind === undefined ? 0.55 : 0.9;
  return kind === gap.space || kind === gap.dash ? 0.4 : 0.25;
}

const usualShapes = [
  [4, 4, 4, 4],
  [4, 6, 5],
  [4, 6, 4],
  [4, 4, 4, 4, 3],
  [4, 4, 4, 4, 2],
  [4, 4, 4, 4, 1],
  [6, 13],
  [4, 4, 5],
  [4, 4, 4, 1],
] as const;

/** Issuers' ranges (ISO/IEC 7812; the networks' own lists). A weak one is wide enough that context must help. */
const brands: readonly { starts: RegExp; lengths: readonly number[]; isWeak?: boolean }[] = [
  { starts: /^4/, lengths: [16] },
  { starts: /^4/, lengths: [13, 19], isWeak: true },
  // Mastercard
  { starts: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  // American Express
  { starts: /^3[47]/, lengths: [15] },
  // Diners Club
  { starts: /^3(?:0[0-5]|095|[689])/, lengths: [14] },
  { starts: /^3(?:0[0-5]|095|[689])/, lengths: [16] },
  // Discover
  { starts: /^6(?:011|4[4-9]|5)/, lengths: [16] },
  { starts: /^6(?:011|4[4-9]|5)/, lengths: [19], isWeak: true },
  // JCB
  { starts: /^35(?:2[89]|[3-8])/, lengths: [16] },
  // UnionPay
  { starts: /^62/, lengths: [16] },
  { starts: /^62/, lengths: [17, 18, 19], isWeak: true },
  // Maestro
  { starts: /^(?:50|5[6-9]|6)/, lengths: [13, 14, 15, 16, 17, 18, 19], isWeak: true },
  // Mir
  { starts: /^220[0-4]/, lengths: [16] },
  // RuPay
  { starts: /^(?:60|65|81|82|508)/, lengths: [16], isWeak: true },
];

const brandsByLength = new Map(
  [13, 14, 15, 16, 17, 18, 19].map((length) => [
    length,
    brands.filter(({ lengths }) => lengths.includes(length)),
  ]),
);
