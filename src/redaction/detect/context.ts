import { type Entity, type EntityName, entities } from './entities.ts';

/** What the words around a candidate say of it. */
export interface Context {
  /** Above 0 if words near by name the entity, below 0 if the nearest names something else. */
  weigh(entity: EntityName, text: string, from: number, end: number): number;
  /** Whether that is above 0. Most often no word names the entity, and this is told sooner. */
  isRaised(entity: EntityName, text: string, from: number, end: number): boolean;
  /** The words before a candidate, in lower case, as far as they count for it. */
  before(text: string, from: number): string;
  /** Lets go of the last text. */
  forget(): void;
}

const beforeLength = 64;
const afterLength = 24;
const againstLength = 28;
/** What a placeholder may take up between a candidate and its words. */
const placeholderRoom = 96;

/** For a word right before a candidate; `farRaise` for one behind it, or past another number. */
export const raise = 0.4;
const farRaise = 0.2;
export const lower = -0.35;

/**
 * Words that name the entity count up to the next placeholder, and words that name something else count through
 * it: so a text that was masked says no more of what is left than it did before.
 */
export function createContext(): Context {
  const patterns = new Map<EntityName, { before: RegExp; after: RegExp; anyhow: RegExp }>();
  for (const [name, entity] of Object.entries<Entity>(entities)) {
    const source = sourceOf(entity);
    patterns.set(name as EntityName, {
      before: new RegExp(source, 'gu'),
      after: new RegExp(source, 'u'),
      anyhow: new RegExp(looseSourceOf(entity), 'u'),
    });
  }
  const anyHint = new RegExp(Object.values<Entity>(entities).map(sourceOf).join('|'), 'gu');
  // A number that may be several things asks for the same words several times.
  let known: { text: string; from: number; hints: string; against: string | undefined } | undefined;
  const wordsBefore = (text: string, from: number) => {
    if (known?.from !== from || known.text !== text) {
      known = { text, from, hints: hintsBefore(text, from), against: undefined };
    }
    return known;
  };
  const weigh: Context['weigh'] = (entity, text, from, end) => {
    const { before, after } = patterns.get(entity)!;
    const near = wordsBefore(text, from);
    const nearest = near.hints;
    const words = (near.against ??= againstBefore(text, from));
    const hintEnd = lastEnd(before, nearest);
    const againstEnd = lastEnd(against, words);
    // Counted from the candidate: the smaller, the nearer.
    if (againstEnd !== -1 && (hintEnd === -1 || words.length - againstEnd < nearest.length - hintEnd))
      return lower;
    if (hintEnd !== -1) {
      return lastStart(anyHint, nearest) > hintEnd ? 0 : raiseAcross(nearest.slice(hintEnd));
    }
    return after.test(hintsAfter(text, end)) ? farRaise : 0;
  };
  return {
    before: (text, from) => wordsBefore(text, from).hints,
    forget() {
      known = undefined;
    },
    weigh,
    isRaised(entity, text, from, end) {
      const around = text.slice(Math.max(0, from - beforeLength), end + afterLength).toLowerCase();
      return patterns.get(entity)!.anyhow.test(around) && weigh(entity, text, from, end) > 0;
    },
  };
}

/** A word counts less past another number or line, and hardly in a line that has begun anew. */
function raiseAcross(between: string): number {
  if (/[\n;!?][^\n;!?]*\p{L}{3}[^\n;!?]*$/u.test(between)) return farRaise / 2;
  return /[\d\n]/.test(between) ? farRaise : raise;
}

function sourceOf({ hints, unspaced }: Entity): string {
  const words = `(?<![\\p{L}\\p{M}\\d])(?:${hints})(?![\\p{L}\\p{M}])`;
  return unspaced === undefined ? words : `${words}|${unspaced}`;
}

/** Matches wherever `sourceOf` does, and more, also in words as they were written but for capitals: `dateofbirth`. */
function looseSourceOf({ hints, unspaced }: Entity): string {
  const words = hints.replaceAll(' ', '[ _]?');
  return unspaced === undefined ? words : `${words}|${unspaced}`;
}

/** Alternatives that name numbers which are nobody's. */
const against = new RegExp(
  sourceOf({
    threshold: 0,
    hints:
      'orders?|order (?:no|number|id)|invoice|inv|version|versions|ver|v|release|build|rev|revision|sha\\d*|md5|commit|hash|checksum|digest|' +
      'ticket|ref|reference|sku|part|part no|serial|s/n|model|isbn|issn|ean|upc|tracking|shipment|parcel|item|product|article|batch|lot|case|' +
      'timestamp|epoch|unix|port|pid|id|ids|uuid|guid|offset|bytes|size|line|lines|row|count|seed|nonce|price|total|amount|' +
      'rechnung|rechnungsnummer|bestellung|bestellnummer|auftrag|auftragsnummer|artikel|artikelnummer|vorgang|sendung|teilenummer|' +
      'facture|commande|référence|réf|colis|pièce|factura|pedido|referencia|envío|pieza|fattura|ordine|riferimento|spedizione|' +
      'fatura|encomenda|referência|factuur|bestelling|ordernummer|zending',
    unspaced: 'ऑर्डर|注文|订单|طلب',
  }),
  'gu',
);

function lastEnd(pattern: RegExp, words: string): number {
  let end = -1;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(words); match; match = pattern.exec(words)) end = pattern.lastIndex;
  return end;
}

function lastStart(pattern: RegExp, words: string): number {
  let start = -1;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(words); match; match = pattern.exec(words)) start = match.index;
  return start;
}

const placeholder = /[[<][A-Z][A-Z0-9_]*(?:[_:][0-9a-f]+)?[\]>]/g;

function hintsBefore(text: string, from: number): string {
  let start = Math.max(0, from - beforeLength);
  // A word or a placeholder that the window cuts is no word.
  if (start > 0) while (start < from && text.charCodeAt(start) > space) start += 1;
  const words = text.slice(start, from);
  if (!words.includes('[') && !words.includes('<')) return normalizeWords(words);
  placeholder.lastIndex = 0;
  let afterPlaceholder = 0;
  while (placeholder.exec(words)) afterPlaceholder = placeholder.lastIndex;
  return normalizeWords(words.slice(afterPlaceholder));
}

const wordUnit = /[\p{L}\p{M}\p{N}_]/u;

/** Words of the same sentence, for those before name what comes next. */
function hintsAfter(text: string, from: number): string {
  let end = Math.min(text.length, from + afterLength);
  // A word that the window cuts is no word; one before a sign is, however long what follows the sign may be.
  if (end < text.length) while (end > from && wordUnit.test(text[end - 1]!)) end -= 1;
  const words = text.slice(from, end);
  const stop = words.search(/[[<][A-Z]|[\n;|]|[.!?] |\d/);
  return normalizeWords(stop === -1 ? words : words.slice(0, stop));
}

/** Words such as `order` count for the number that they stand at, not for the next. */
function againstBefore(text: string, from: number): string {
  let near = text.slice(Math.max(0, from - againstLength), from);
  if (/[\]>]/.test(near)) {
    near = text
      .slice(Math.max(0, from - againstLength - placeholderRoom), from)
      .replace(placeholder, ' ')
      .slice(-againstLength);
  }
  return normalizeWords(near.slice(lastStop(near)));
}

/** Behind the last number, line or sentence. */
function lastStop(words: string): number {
  for (let at = words.length - 1; at >= 0; at -= 1) {
    const code = words.charCodeAt(at);
    // A digit that letters lead to belongs to its word: `sha256:`
    if (
      (code >= 48 && code <= 57 && !/[A-Za-z]\d*$/.test(words.slice(Math.max(0, at - 4), at))) ||
      code === 10 ||
      code === 59
    )
      return at + 1;
  }
  return 0;
}

const space = 32;

/** `date_of_birth`, `dateOfBirth` and `"phone":` are words too. */
function normalizeWords(words: string): string {
  const spaced = words.includes('_') ? words.replaceAll('_', ' ') : words;
  const lower = spaced.toLowerCase();
  // The upper-case letter first, which most words don't have.
  return lower === spaced ? lower : spaced.replace(/[A-Z](?<=[a-z].)(?=[a-z])/g, ' $&').toLowerCase();
}
