/** @import { BudgetStatus, Status } from '../status.ts' */
import { createMeter, createSparkline } from './draw.js';
import { element, setAttribute, setText } from './elements.js';
import { amount, dateAndTime, percent, roughly, visible } from './format.js';
import { createTable } from './tables.js';

/** @param {Element} section */
export function createBudgets(section) {
  let nowMs = 0;
  /** Budgets that are limited in both units. @type {Set<string>} */
  let doubles = new Set();
  const show = createTable(section, {
    caption: 'Budgets: what is used and held, how fast, and how long it will last',
    empty: 'No budget has been used yet, or none is configured.',
    keyOf: (/** @type {BudgetStatus} */ budget) => `${budget.unit} ${shareOf(budget)}`,
    columns: [
      { label: 'Budget', kind: 'name', make: () => createName((budget) => doubles.has(shareOf(budget))) },
      { label: 'Used', kind: 'fill', make: () => createUse(() => nowMs) },
      { label: 'Rate', kind: 'rate', make: createRate },
      { label: 'Forecast', kind: 'forecast', make: () => createForecast(() => nowMs) },
    ],
  });
  return (/** @type {Status} */ { budgets, sidecar }) => {
    nowMs = Date.parse(sidecar.now);
    const shares = budgets.rows.map(shareOf);
    doubles = new Set(shares.filter((share, index) => shares.indexOf(share) !== index));
    show(budgets.rows, budgets.total);
  };
}

/** @param {BudgetStatus} budget */
function shareOf({ org, name, scope, windowStart, isRolling }) {
  return JSON.stringify([org, name, scope, isRolling ? '' : windowStart]);
}

/** @param {(budget: BudgetStatus) => boolean} isDouble */
function createName(isDouble) {
  const name = element('span');
  const scope = element('bdi', { class: 'scope' });
  const unit = element('span', { class: 'scope' });
  const mode = element('span', { class: 'tag' }, 'only observed');
  return {
    node: element('div', {}, name, ' ', scope, ' ', unit, ' ', mode),
    update(/** @type {BudgetStatus} */ budget) {
      setText(name, budget.name);
      setText(scope, budget.scope === '' ? '' : visible(budget.scope));
      setText(unit, isDouble(budget) ? (budget.unit === 'usd' ? 'in USD' : 'in tokens') : '');
      mode.hidden = budget.mode === 'enforce';
    },
  };
}

/** @param {() => number} nowMs */
function createUse(nowMs) {
  const meter = createMeter();
  const words = element('span');
  const share = element('strong');
  const held = element('span', { class: 'quiet' });
  return {
    node: element('div', {}, meter.node, element('div', { class: 'under' }, share, ' ', words, held)),
    update(/** @type {BudgetStatus} */ budget) {
      const { used, limit, unit } = budget;
      const total = limit || 1;
      meter.update(used / total, budget.held / total, elapsedShare(budget, nowMs()));
      setAttribute(meter.node, 'data-state', stateOf(budget));
      setText(share, percent(used / total));
      setText(words, `${amount(used, unit)} of ${amount(limit, unit)}${unit === 'tokens' ? ' tokens' : ''}`);
      setText(held, budget.held === 0 ? '' : `, ${amount(budget.held, unit)} held`);
    },
  };
}

function createRate() {
  const spark = createSparkline();
  const words = element('span');
  const over = element('span', { class: 'quiet' });
  return {
    node: element('div', { class: 'beside' }, spark.node, element('div', { class: 'stacked' }, words, over)),
    update(/** @type {BudgetStatus} */ { perHour, unit, rateOverSeconds, history }) {
      spark.update(history);
      setText(words, `${amount(perHour, unit)} an hour`);
      setText(over, `over ${roughly(rateOverSeconds * 1000)}`);
    },
  };
}

/** @param {() => number} nowMs */
function createForecast(nowMs) {
  const words = element('strong');
  const window = element('span', { class: 'quiet' });
  return {
    node: element('div', { class: 'stacked' }, words, window),
    update(/** @type {BudgetStatus} */ budget) {
      const state = stateOf(budget);
      setAttribute(words, 'class', `mark ${state}`);
      setText(words, forecast(budget, state, nowMs()));
      setText(window, windowOf(budget, nowMs()));
    },
  };
}

/**
 * @param {BudgetStatus} budget
 * @param {ReturnType<typeof stateOf>} state
 * @param {number} nowMs
 */
function forecast({ goneAt, perHour, used, limit, windowEnd, isRolling }, state, nowMs) {
  if (state === 'trouble') return 'Used up';
  if (goneAt !== null) return `Gone in ${roughly(Date.parse(goneAt) - nowMs)}`;
  if (isRolling) return 'Lasts';
  const atEnd = used + (perHour * (Date.parse(windowEnd) - nowMs)) / 3_600_000;
  return `Lasts: ${percent(atEnd / limit)} at the end`;
}

/**
 * @param {BudgetStatus} budget
 * @param {number} nowMs
 */
function windowOf({ isRolling, windowStart, windowEnd }, nowMs) {
  const endMs = Date.parse(windowEnd);
  if (isRolling) return `of the last ${roughly(endMs - Date.parse(windowStart))}`;
  return `window ends in ${roughly(endMs - nowMs)}, ${dateAndTime(windowEnd)}`;
}

/** @param {BudgetStatus} budget */
function stateOf({ remaining, limit, goneAt }) {
  if (remaining <= limit / 1000) return 'trouble';
  return goneAt === null ? 'well' : 'watch';
}

/**
 * @param {BudgetStatus} budget
 * @param {number} nowMs
 */
function elapsedShare({ isRolling, windowStart, windowEnd }, nowMs) {
  if (isRolling) return undefined;
  const startMs = Date.parse(windowStart);
  return (nowMs - startMs) / (Date.parse(windowEnd) - startMs);
}
