import { type EntityName, entities } from './entities.ts';

/** What the words around a candidate say of it. */
export interface Context {
  /** Above 0 if words near by name the entity, below 0 if the nearest names something else. */
  weigh(entity: EntityName, text: string, from: number, end: number): number;
  /** The words before a candidate, in lower case, as far as they count for it. */
  before(text: string, from: number): string;
}

const beforeLength = 64;
const afterLength = 24;
/** Words such as `order` count for the number that they stand at, not for all of a sentence. */
const againstLength = 28;
/** What a placeholder may take up between a candidate and its words. */
const placeholderRoom = 96;

export const raise = 0.4;
export const lower = -0.35;

/**
 * Words that name the entity count up to the next placeholder, and words that name something else count through
 * it: so a text that was masked says no more of what is left than it did before.
 */
export function createContext(): Context {
  const patterns = new Map<EntityName, { before: RegExp; after: RegExp }>();
  for (const [name, { hints }] of Object.entries(entities)) {
    patterns.set(name as EntityName, {
      before: new RegExp(`(?<![\\p{L}\\p{M}\\d])(?:${hints})(?![\\p{L}\\p{M}])`, 'gu'),
      after: new RegExp(`(?<![\\p{L}\\p{M}\\d])(?:${hints})(?![\\p{L}\\p{M}])`, 'u'),
    });
  }
  return {
    before: hintsBefore,
    weigh(entity, text, from, end) {
      const { before, after } = patterns.get(entity)!;
      const nearest = hintsBefore(text, from);
      // Counted from the candidate: the smaller, the nearer.
      const hintDistance = nearest.length - lastEnd(before, nearest);
      const words = againstBefore(text, from);
      const againstDistance = words.length - lastEnd(against, words);
      if (hintDistance <= nearest.length && hintDistance <= againstDistance) return raise;
      if (againstDistance <= words.length) return lower;
      return after.test(hintsAfter(text, end)) ? raise : 0;
    },
  };
}

/** Alternatives that name numbers which are nobody's. */
const against = new RegExp(
  '(?<![\\p{L}\\p{M}\\d])(?:' +
    'orders?|order (?:no|number|id)|invoice|inv|version|versions|ver|v|release|build|rev|revision|sha\\d*|md5|commit|hash|checksum|digest|' +
    'ticket|ref|reference|sku|part|part no|serial|s/n|model|isbn|issn|ean|upc|tracking|shipment|parcel|item|product|article|batch|lot|case|' +
    'timestamp|epoch|unix|port|pid|id|ids|uuid|guid|offset|bytes|size|line|lines|row|count|seed|nonce|price|total|amount|' +
    'rechnung|rechnungsnummer|bestellung|bestellnummer|auftrag|auftragsnummer|artikel|artikelnummer|vorgang|sendung|teilenummer|' +
    'facture|commande|référence|réf|colis|pièce|factura|pedido|referencia|envío|pieza|fattura|ordine|riferimento|spedizione|' +
    'fatura|encomenda|referência|factuur|bestelling|ordernummer|zending|ऑर्डर|注文\\p{L}*|订单\\p{L}*|طلب|الطلب' +
    ')(?![\\p{L}\\p{M}])',
  'gu',
);

function lastEnd(pattern: RegExp, words: string): number {
  let end = -1;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(words); match; match = pattern.exec(words)) end = pattern.lastIndex;
  return end;
}

const placeholder = /[[<][A-Z][A-Z0-9_]*(?:[_:][0-9a-f]+)?[\]>]/g;

function hintsBefore(text: string, from: number): string {
  let start = Math.max(0, from - beforeLength);
  // A word or a placeholder that the window cuts is no word.
  if (start > 0) while (start < from && text.charCodeAt(start) > space) start += 1;
  const words = text.slice(start, from);
  if (!/[[<]/.test(words)) return normalizeWords(words);
  placeholder.lastIndex = 0;
  let afterPlaceholder = 0;
  while (placeholder.exec(words)) afterPlaceholder = placeholder.lastIndex;
  return normalizeWords(words.slice(afterPlaceholder));
}

function hintsAfter(text: string, from: number): string {
  let end = Math.min(text.length, from + afterLength);
  if (end < text.length) while (end > from && text.charCodeAt(end - 1) > space) end -= 1;
  const words = text.slice(from, end);
  const bracket = words.search(/[[<][A-Z]/);
  return normalizeWords(bracket === -1 ? words : words.slice(0, bracket));
}

function againstBefore(text: string, from: number): string {
  const near = text.slice(Math.max(0, from - againstLength), from);
  if (!/[\]>]/.test(near)) return normalizeWords(near);
  const words = text
    .slice(Math.max(0, from - againstLength - placeholderRoom), from)
    .replace(placeholder, ' ');
  return normalizeWords(words).slice(-againstLength);
}

const space = 32;

/** `date_of_birth`, `dateOfBirth` and `"phone":` are words too. */
function normalizeWords(words: string): string {
  const lower = words.toLowerCase();
  if (lower === words) return words.replaceAll('_', ' ');
  if (!/[a-z][A-Z]/.test(words)) return lower.replaceAll('_', ' ');
  return words
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
}
