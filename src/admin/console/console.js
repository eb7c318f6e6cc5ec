/** @import { Status } from '../status.ts' */
import { createBudgets } from './budgets.js';
import { createCalls, createRuns } from './calls.js';
import { byId, setAttribute, setText } from './elements.js';
import { clock } from './format.js';
import { createRefusals } from './refusals.js';
import { createAbout, createConfiguration, createVerdict } from './sidecar.js';
import { createStores, createUpstreams } from './upstreams.js';

const askEveryMs = 2000;
/** A sidecar that takes longer is as good as away. */
const patienceMs = 5000;

const shows = [
  createVerdict(),
  createAbout(),
  createBudgets(byId('budgets')),
  createCalls(byId('calls')),
  createRuns(byId('runs')),
  createRefusals(byId('refusals')),
  createUpstreams(byId('upstreams')),
  createStores(byId('stores')),
  createConfiguration(byId('configuration')),
];
const freshness = byId('freshness');
const pause = byId('pause');
const away = byId('away');
const announcer = byId('announcer');

let isPaused = false;
let isAway = false;
/** @type {string | undefined} As the sidecar's clock has it. */
let lastAt;
/** @type {string | undefined} */
let startedAt;

pause.addEventListener('click', () => {
  isPaused = !isPaused;
  setAttribute(pause, 'aria-pressed', String(isPaused));
  setText(pause, isPaused ? 'Resume updates' : 'Pause updates');
  tellFreshness();
  if (!isPaused) void look();
});

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void look();
});

setInterval(() => {
  // Nobody sees it, so nobody needs to be asked.
  if (!isPaused && !document.hidden) void look();
}, askEveryMs);

let isLooking = false;
await look();

async function look() {
  if (isLooking) return;
  isLooking = true;
  try {
    const status = await ask();
    lastAt = status.sidecar.now;
    for (const show of shows) show(status);
    tellReturn(status);
  } catch (error) {
    tellAway(error instanceof Refused ? error.message : 'The sidecar does not answer.');
  } finally {
    isLooking = false;
    tellFreshness();
  }
}

class Refused extends Error {}

/** @returns {Promise<Status>} */
async function ask() {
  const response = await fetch('/status', { cache: 'no-store', signal: AbortSignal.timeout(patienceMs) });
  if (response.ok) return response.json();
  const { error } = await response.json();
  throw new Refused(String(error));
}

/** @param {string} why */
function tellAway(why) {
  const since = lastAt ? ` What you see is from ${clock(lastAt)}.` : '';
  const text = `${why}${since} It is asked again every two seconds.`;
  setText(away, text);
  away.hidden = false;
  document.title = 'Away · assistant-proxy';
  if (!isAway) setText(announcer, text);
  isAway = true;
}

/** @param {Status} status */
function tellReturn({ sidecar }) {
  const isAnother = startedAt !== undefined && startedAt !== sidecar.startedAt;
  if (isAway)
    setText(
      announcer,
      isAnother ? 'The sidecar answers again; it was restarted.' : 'The sidecar answers again.',
    );
  isAway = false;
  startedAt = sidecar.startedAt;
  away.hidden = true;
}

function tellFreshness() {
  if (!lastAt) return;
  setText(freshness, `${isPaused ? 'Paused at' : 'As of'} ${clock(lastAt)}`);
}
