/** How numbers, times and names are written. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const dollars = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' });
const fineDollars = new Intl.NumberFormat('en', {
  style: 'currency',
  currency: 'USD',
  maximumSignificantDigits: 2,
});

/** @param {number} value */
export function count(value) {
  return value >= 100_000 ? compact.format(value) : whole.format(value);
}

/**
 * @param {number} value
 * @param {'tokens' | 'usd'} unit
 */
export function amount(value, unit) {
  if (unit === 'tokens') return count(value);
  return value !== 0 && value < 0.01 ? fineDollars.format(value) : dollars.format(value);
}

/** @param {number} share 1 is the whole. */
export function percent(share) {
  if (share > 0 && share < 0.01) return '<1\u00a0%';
  return `${whole.format(share < 1 && share > 0.99 ? 99 : share * 100)}\u00a0%`;
}

/**
 * In the two largest units: `2 d 5 h`.
 *
 * @param {number} ms
 */
export function duration(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}\u00a0ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 10) return `${(ms / 1000).toFixed(1)}\u00a0s`;
  if (seconds < 60) return `${seconds}\u00a0s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}\u00a0min ${seconds % 60}\u00a0s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}\u00a0h ${minutes % 60}\u00a0min`;
  return `${Math.floor(hours / 24)}\u00a0d ${hours % 24}\u00a0h`;
}

/**
 * Where seconds tell nothing: `3 h 12 min`, `40 min`.
 *
 * @param {number} ms
 */
export function roughly(ms) {
  if (ms < 60_000) return 'less than a minute';
  return duration(ms).replace(/\u00a0min \d+\u00a0s$/, '\u00a0min');
}

/** @param {string} iso */
export function clock(iso) {
  return new Date(iso).toLocaleTimeString('en-GB');
}

/** @param {string} iso */
export function dateAndTime(iso) {
  return new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

/**
 * Names come from callers. What would turn the line round, break it or not be seen is spelled out.
 *
 * @param {string} name
 */
export function visible(name) {
  return name.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, spellOut);
}

/** @param {string} character */
function spellOut(character) {
  const hex = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return `⟨U+${hex}⟩`;
}

/** @param {{ org: string, team: string, app: string, user: string }} identity */
export function identity({ org, team, app, user }) {
  const parts = [org, team, app, user].filter((part) => part !== '');
  return parts.length === 0 ? '—' : parts.map(visible).join(' / ');
}
