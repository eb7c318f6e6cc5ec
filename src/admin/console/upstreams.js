/** @import { Status, StoreStatus, UpstreamStatus } from '../status.ts' */
import { createColumns } from './draw.js';
import { element, setAttribute, setText } from './elements.js';
import { count, duration, percent, visible } from './format.js';
import { createTable } from './tables.js';

const circuits = { closed: 'closed', open: 'open', halfOpen: 'half open' };
const circuitStates = { closed: 'well', open: 'trouble', halfOpen: 'watch' };
const stepCount = 30;

/** @param {Element} section */
export function createUpstreams(section) {
  const show = createTable(section, {
    caption:
      'Upstreams: their circuits, what they work on, and how the attempts of the last five minutes went',
    empty: 'No upstream is configured.',
    keyOf: (/** @type {UpstreamStatus} */ { name }) => name,
    columns: [
      { label: 'Upstream', kind: 'name', make: createName },
      { label: 'Circuit', make: createCircuit },
      { label: 'Running', kind: 'number', text: ({ running }) => count(running) },
      { label: 'Waiting', kind: 'number', text: ({ waiting }) => count(waiting) },
      { label: 'Attempts in 5 min', kind: 'rate', make: createAttempts },
      { label: 'Answer begins after', make: createLatency },
    ],
  });
  return (/** @type {Status} */ { upstreams }) => show(upstreams);
}

function createName() {
  const name = element('span');
  const origin = element('bdi', { class: 'quiet' });
  return {
    node: element('div', { class: 'stacked' }, name, origin),
    update(/** @type {UpstreamStatus} */ upstream) {
      setText(name, upstream.name);
      setText(origin, visible(upstream.origin));
    },
  };
}

function createCircuit() {
  const words = element('strong');
  return {
    node: words,
    update(/** @type {UpstreamStatus} */ { circuit, refusedForMs }) {
      setAttribute(words, 'class', `mark ${circuitStates[circuit]}`);
      const left = refusedForMs === null ? '' : `, ${duration(refusedForMs)} more`;
      setText(words, `${circuits[circuit]}${left}`);
    },
  };
}

function createAttempts() {
  const columns = createColumns(stepCount);
  const words = element('span');
  const limited = element('span', { class: 'quiet' });
  return {
    node: element(
      'div',
      { class: 'beside' },
      columns.node,
      element('div', { class: 'stacked' }, words, limited),
    ),
    update(/** @type {UpstreamStatus} */ { attempts, failed, rateLimited, attemptsByStep, failedByStep }) {
      columns.update(attemptsByStep, failedByStep);
      const share = attempts === 0 ? '' : `, ${percent(failed / attempts)} failed`;
      setText(words, `${count(attempts)}${share}`);
      setText(limited, rateLimited === 0 ? '' : `${count(rateLimited)} rate limited`);
    },
  };
}

function createLatency() {
  const median = element('span');
  const slow = element('span', { class: 'quiet' });
  return {
    node: element('div', { class: 'stacked' }, median, slow),
    update(/** @type {UpstreamStatus} */ { medianMs, p95Ms }) {
      setText(median, medianMs === undefined ? '—' : `${duration(medianMs)} (half)`);
      setText(slow, p95Ms === undefined ? '' : `${duration(p95Ms)} (95 %)`);
    },
  };
}

const storeNames = { ledger: 'budgets and limits', assistants: 'assistants, threads, runs' };
const storeKinds = { redis: 'Redis', embedded: 'embedded' };

/** @param {Element} section */
export function createStores(section) {
  const show = createTable(section, {
    caption: 'Stores: whether they answer, and how fast',
    empty: 'Nothing is stored: there are no budgets, and the upstream serves assistants itself.',
    keyOf: (/** @type {StoreStatus} */ { name }) => name,
    columns: [
      { label: 'What for', kind: 'name', text: ({ name }) => storeNames[name] },
      { label: 'Kind', text: ({ kind }) => storeKinds[kind] },
      { label: 'State', make: createStoreState },
      { label: 'Answered in', kind: 'number', text: ({ tookMs, isUp }) => (isUp ? `${tookMs} ms` : '—') },
      { label: 'Charges waiting', kind: 'number', text: ({ pendingCharges }) => count(pendingCharges) },
    ],
  });
  return (/** @type {Status} */ { stores }) => show(stores);
}

function createStoreState() {
  const words = element('strong');
  const why = element('span', { class: 'quiet' });
  return {
    node: element('div', { class: 'stacked' }, words, why),
    update(/** @type {StoreStatus} */ { isUp, problem }) {
      setAttribute(words, 'class', `mark ${isUp ? 'well' : 'trouble'}`);
      setText(words, isUp ? 'answers' : 'away');
      setText(why, problem ?? '');
    },
  };
}
