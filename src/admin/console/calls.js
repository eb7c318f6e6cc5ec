/** @import { LiveCallStatus, RunStatus, Status } from '../status.ts' */
import { duration, identity, visible } from './format.js';
import { createTable } from './tables.js';

const stages = {
  reading: 'reading the request',
  waiting: 'waiting for its turn',
  sent: 'at the upstream',
  answering: 'answering',
};

/** @param {Element} section */
export function createCalls(section) {
  const show = createTable(section, {
    caption: 'Requests that have begun and not ended, the oldest first',
    empty: 'No request is running.',
    keyOf: (/** @type {LiveCallStatus} */ { requestId }) => requestId,
    columns: [
      { label: 'Operation', kind: 'name', text: ({ operation }) => operation },
      { label: 'Model', text: ({ model }) => (model === '' ? '—' : visible(model)) },
      { label: 'State', text: ({ stage }) => stages[stage] },
      { label: 'Age', kind: 'number', text: ({ ageMs }) => duration(ageMs) },
      { label: 'Whose', text: identity },
      { label: 'Request id', kind: 'code', text: ({ requestId }) => requestId },
    ],
  });
  return (/** @type {Status} */ { calls }) => show(calls.rows, calls.total);
}

/** @param {Element} section */
export function createRuns(section) {
  const show = createTable(section, {
    caption: 'Runs of the Assistants API that this pod carries on',
    empty: 'This pod carries on no run.',
    keyOf: (/** @type {RunStatus} */ { runId }) => runId,
    columns: [
      { label: 'Run', kind: 'code', text: ({ runId }) => visible(runId) },
      { label: 'Model', text: ({ model }) => (model === '' ? '—' : visible(model)) },
      { label: 'Status', text: ({ status }) => status.replaceAll('_', ' ') },
      { label: 'Age', kind: 'number', text: ({ ageMs }) => duration(ageMs) },
      { label: 'Whose', text: identity },
      { label: 'Thread', kind: 'code', text: ({ threadId }) => visible(threadId) },
    ],
  });
  return (/** @type {Status} */ { runs }) => show(runs.rows, runs.total);
}
