/** @import { RefusalStatus, Status } from '../status.ts' */
import { element, keepChildren, setText } from './elements.js';
import { clock, count, identity, visible } from './format.js';

/** @param {Element} section */
export function createRefusals(section) {
  const nothing = element('p', { class: 'nothing' }, 'Nothing has been refused since the sidecar started.');
  const list = element('ul', { class: 'refusals' });
  section.append(nothing, list);
  /** @type {Map<string, ReturnType<typeof createGroup>>} */
  const known = new Map();
  return (/** @type {Status} */ { refusals }) => {
    nothing.hidden = refusals.length > 0;
    list.hidden = refusals.length === 0;
    keepChildren(list, known, refusals, keyOf, createGroup);
  };
}

/** @param {RefusalStatus} group */
function keyOf({ code, rule, operation }) {
  return JSON.stringify([code, rule, operation]);
}

function createGroup() {
  const code = element('strong');
  const rule = element('bdi', { class: 'scope' });
  const operation = element('span');
  const times = element('span', { class: 'times' });
  const when = element('span', { class: 'quiet' });
  const message = element('p', { class: 'message' });
  const latest = element('ul', { class: 'latest' });
  const more = element('p', { class: 'quiet' });
  const summary = element('summary', {}, code, ' ', rule, ' ', operation, ' ', times, ' ', when);
  const node = element('li', {}, element('details', {}, summary, message, latest, more));
  /** @type {Map<string, ReturnType<typeof createCall>>} */
  const known = new Map();
  return {
    node,
    update(/** @type {RefusalStatus} */ group) {
      setText(code, `${group.status} ${group.code}`);
      setText(rule, group.rule ?? '');
      setText(operation, group.operation === 'none' ? 'at the edge' : group.operation);
      setText(times, group.count === 1 ? 'once' : `${count(group.count)} times`);
      setText(when, group.count === 1 ? clock(group.lastAt) : `last ${clock(group.lastAt)}`);
      setText(message, visible(group.latest[0]?.message ?? ''));
      keepChildren(latest, known, group.latest, keyOfCall, createCall);
      const unseen = group.count - group.latest.length;
      setText(more, unseen === 0 ? '' : `${count(unseen)} before that, since ${clock(group.firstAt)}.`);
    },
  };
}

/** @param {RefusalStatus['latest'][number]} call */
function keyOfCall({ requestId, at }) {
  return `${requestId} ${at}`;
}

function createCall() {
  const at = element('time');
  const whose = element('bdi');
  const model = element('bdi');
  const id = element('code');
  return {
    node: element('li', {}, at, whose, model, id),
    update(/** @type {RefusalStatus['latest'][number]} */ call) {
      at.dateTime = call.at;
      setText(at, clock(call.at));
      setText(whose, identity(call));
      setText(model, call.model === '' ? '—' : visible(call.model));
      setText(id, call.requestId ?? 'no request id');
    },
  };
}
