/** @import { Status } from '../status.ts' */
import { createColumns } from './draw.js';
import { byId, element, keepChildren, setAttribute, setText } from './elements.js';
import { count, dateAndTime, roughly, visible } from './format.js';

const levels = { well: 'Well', watch: 'Watch', trouble: 'Trouble' };

/** The top of the page: whether something is wrong, and what. Tells changes of that to screen readers. */
export function createVerdict() {
  const level = byId('level');
  const headline = byId('headline');
  const problems = byId('problems');
  const announcer = byId('announcer');
  const showTraffic = createTraffic();
  /** @type {Map<string, ReturnType<typeof createProblem>>} */
  const known = new Map();
  let announced = '';

  return (/** @type {Status} */ status) => {
    const { verdict } = status;
    level.hidden = false;
    setAttribute(level, 'class', `level ${verdict.level}`);
    setText(level, levels[verdict.level]);
    setText(headline, visible(verdict.headline));
    const [worst] = verdict.problems;
    if (worst) setAttribute(headline, 'href', linkTo(worst));
    else headline.removeAttribute('href');
    const others = verdict.problems.slice(1);
    problems.hidden = others.length === 0;
    keepChildren(problems, known, others, ({ text }) => withoutNumbers(text), createProblem);
    document.title = `${levels[verdict.level]} · ${status.sidecar.pod} · assistant-proxy`;
    const heard = withoutNumbers(`${verdict.level} ${verdict.problems.map(({ text }) => text).join(' ')}`);
    // Not at every tick of a clock or counter in it.
    if (heard !== announced && announced !== '') {
      setText(announcer, `${levels[verdict.level]}: ${visible(verdict.headline)}`);
    }
    announced = heard;
    showTraffic(status);
  };
}

/** @param {string} text */
function withoutNumbers(text) {
  return text.replaceAll(/\d+/g, '');
}

/** @param {Status['verdict']['problems'][number]} problem */
function linkTo({ section }) {
  return section === 'sidecar' ? '#main' : `#${section}`;
}

function createProblem() {
  const level = element('span');
  const link = element('a');
  const node = element('li', {}, level, ' ', link);
  return {
    node,
    update(/** @type {Status['verdict']['problems'][number]} */ problem) {
      setAttribute(level, 'class', `mark ${problem.level}`);
      setText(level, levels[problem.level]);
      setAttribute(link, 'href', linkTo(problem));
      setText(link, visible(problem.text));
    },
  };
}

function createTraffic() {
  const figure = byId('traffic');
  const total = element('span');
  const refused = element('span');
  const columns = createColumns(30);
  figure.append(columns.node, element('figcaption', { class: 'stacked' }, total, ' ', refused));
  return (/** @type {Status} */ { traffic }) => {
    figure.hidden = false;
    const sum = (/** @type {readonly number[]} */ steps) => steps.reduce((total, step) => total + step, 0);
    const bad = traffic.refused.map((refused, index) => refused + (traffic.failed[index] ?? 0));
    columns.update(traffic.ended, bad);
    setText(total, `${count(sum(traffic.ended))} requests in 5 min,`);
    setText(refused, `${count(sum(traffic.refused))} refused, ${count(sum(traffic.failed))} failed`);
  };
}

/** The line that says which sidecar this is. */
export function createAbout() {
  const about = byId('about');
  return (/** @type {Status} */ { sidecar: { version, pod, now, startedAt } }) => {
    const upMs = Date.parse(now) - Date.parse(startedAt);
    setText(about, `${visible(pod)}, version ${version}, up ${roughly(upMs)}`);
  };
}

/** @param {Element} section */
export function createConfiguration(section) {
  const text = element('pre', { tabindex: '0', role: 'region', 'aria-label': 'Configuration in effect' });
  const summary = element('summary', {}, 'In effect, defaults filled in, secrets hidden');
  const source = element('p', { class: 'quiet' });
  const refusal = element('pre', {
    tabindex: '0',
    role: 'region',
    'aria-label': 'Why the change is refused',
  });
  section.append(source, refusal, element('details', {}, summary, text));
  return (/** @type {Status} */ { configuration, followed }) => {
    setText(source, sourceOf(followed));
    refusal.hidden = followed.refusal === null;
    setText(refusal, (followed.refusal ?? '').split('\n').map(visible).join('\n'));
    setText(text, configuration);
  };
}

/** @param {Status['followed']} followed */
function sourceOf({ file, enactedAt, refusal, waiting }) {
  if (file === null) return 'From the environment alone, as it was at the start.';
  const since = `${visible(file)}, in effect since ${dateAndTime(enactedAt)}.`;
  if (refusal !== null) return `As it was before the last change of ${since} The change is refused:`;
  const later = waiting.length === 0 ? '' : ` These wait for the next start: ${waiting.join(', ')}.`;
  return `As in ${since}${later}`;
}
