import type {
  BudgetStatus,
  Problem,
  RefusalStatus,
  Status,
  StoreStatus,
  UpstreamStatus,
  Verdict,
} from './status.ts';

/** Of fewer attempts a share says nothing. */
const leastAttempts = 5;
const failedShareToWatch = 0.1;
const failedShareInTrouble = 0.5;
/** A refusal is told at the top for so long. */
const recentMs = 60_000;
/** A budget that is less used, and lasts longer, may only have had a busy quarter of an hour. */
const usedShareToWatch = 0.5;
const lastsToWatchMs = 3_600_000;
/** That many budgets are told one by one. */
const maxBudgetProblems = 3;

/** Says what an on-call person should look at first. */
export function judge(told: Omit<Status, 'verdict' | 'configuration'>): Verdict {
  const nowMs = Date.parse(told.sidecar.now);
  const problems: Problem[] = [
    ...(told.sidecar.isReady ? [] : [problem('watch', 'sidecar', 'It drains: no new requests are taken.')]),
    ...told.stores.flatMap(judgeStore),
    ...told.upstreams.flatMap(judgeUpstream),
    ...judgeBudgets(told.budgets.rows, nowMs),
    ...judgeRefusals(told.refusals, nowMs),
    ...judgeFollowed(told.followed),
  ];
  const worstFirst = [
    ...problems.filter(({ level }) => level === 'trouble'),
    ...problems.filter(({ level }) => level === 'watch'),
  ];
  const [worst] = worstFirst;
  if (worst) return { level: worst.level, headline: worst.text, problems: worstFirst };
  return { level: 'well', headline: wellHeadline(told), problems: [] };
}

function wellHeadline({ calls, traffic }: Pick<Status, 'calls' | 'traffic'>): string {
  const ended = traffic.ended.reduce((sum, count) => sum + count, 0);
  if (calls.total + ended === 0) return 'All is well. Nothing has been asked in the last five minutes.';
  return `All is well. ${counted(calls.total, 'call')} running, ${ended} in the last five minutes.`;
}

function judgeStore({ name, isUp, problem: why, pendingCharges, onOutage }: StoreStatus): Problem[] {
  if (!isUp) {
    const means =
      name === 'assistants'
        ? 'assistants, threads and runs are refused'
        : onOutage === 'deny'
          ? 'calls with a budget or limit are refused'
          : 'calls pass unchecked, and are charged later';
    return [problem('trouble', 'stores', `The store of ${storeNames[name]} is away: ${means}. (${why})`)];
  }
  if (pendingCharges === 0) return [];
  return [problem('watch', 'stores', `${counted(pendingCharges, 'charge')} wait for the store.`)];
}

const storeNames = { ledger: 'budgets', assistants: 'assistants' };

function judgeUpstream({
  name,
  circuit,
  refusedForMs,
  attempts,
  failed,
  waiting,
}: UpstreamStatus): Problem[] {
  const about = `Upstream ${name}`;
  if (circuit === 'open') {
    const wait = refusedForMs === null ? '' : ` for ${Math.ceil(refusedForMs / 1000)} s more`;
    return [
      problem(
        'trouble',
        'upstreams',
        `${about} fails or is slow: its circuit is open, calls are refused${wait}.`,
      ),
    ];
  }
  if (circuit === 'halfOpen') {
    return [
      problem('watch', 'upstreams', `${about} is tried again, call by call: its circuit is half open.`),
    ];
  }
  const share = failed / attempts;
  if (attempts >= leastAttempts && share >= failedShareToWatch) {
    const level = share >= failedShareInTrouble ? 'trouble' : 'watch';
    const percent = Math.round(share * 100);
    return [
      problem(
        level,
        'upstreams',
        `${about} failed ${percent} % of ${attempts} attempts in the last five minutes.`,
      ),
    ];
  }
  if (waiting === 0) return [];
  return [problem('watch', 'upstreams', `${counted(waiting, 'call')} wait for a place at upstream ${name}.`)];
}

function judgeBudgets(rows: readonly BudgetStatus[], nowMs: number): Problem[] {
  const gone = rows.filter((row) => row.mode === 'enforce' && isGone(row));
  const going = rows
    .filter((row) => isGoing(row, nowMs))
    .toSorted((a, b) => Date.parse(a.goneAt!) - Date.parse(b.goneAt!));
  const nameOf = namer(rows);
  return [
    ...gone.slice(0, maxBudgetProblems).map((row) => {
      const until = row.isRolling ? 'it frees up step by step' : `until ${endIn(row.windowEnd, nowMs)}`;
      return problem('trouble', 'budgets', `Budget ${nameOf(row)} is used up, ${until}.`);
    }),
    ...more(gone.length, 'trouble', 'are used up'),
    ...going.slice(0, maxBudgetProblems).map((row) => {
      const goneIn = duration(Date.parse(row.goneAt!) - nowMs);
      const early = Date.parse(row.windowEnd) - Date.parse(row.goneAt!);
      const end = row.isRolling ? '' : `, ${duration(early)} before its window ends`;
      return problem('watch', 'budgets', `Budget ${nameOf(row)} will be gone in ${goneIn}${end}.`);
    }),
    ...more(going.length, 'watch', 'will be gone before their windows end'),
  ];
}

function isGoing(row: BudgetStatus, nowMs: number): boolean {
  if (row.goneAt === null || isGone(row)) return false;
  const isNear = row.used + row.held >= row.limit * usedShareToWatch;
  return isNear || Date.parse(row.goneAt) - nowMs < lastsToWatchMs;
}

function isGone({ remaining, limit }: BudgetStatus): boolean {
  // What is left of it pays for no call.
  return remaining <= limit / 1000;
}

function more(count: number, level: Problem['level'], what: string): Problem[] {
  if (count <= maxBudgetProblems) return [];
  return [problem(level, 'budgets', `${count - maxBudgetProblems} more budgets ${what}.`)];
}

function judgeRefusals(groups: readonly RefusalStatus[], nowMs: number): Problem[] {
  const recent = groups.filter(({ lastAt }) => nowMs - Date.parse(lastAt) < recentMs);
  if (recent.length === 0) return [];
  const reasons = [...new Set(recent.map(({ code, rule }) => (rule === null ? code : `${code} (${rule})`)))];
  const others = reasons.length > 3 ? ', and others' : '';
  return [
    problem(
      'watch',
      'refusals',
      `Calls were refused in the last minute: ${reasons.slice(0, 3).join(', ')}${others}.`,
    ),
  ];
}

function judgeFollowed({ refusal, waiting }: Status['followed']): Problem[] {
  if (refusal !== null) {
    const [first = ''] = refusal.split('\n');
    const text = `The changed configuration is refused, and the former one stays in effect. (${first})`;
    return [problem('watch', 'configuration', text)];
  }
  if (waiting.length === 0) return [];
  const keys = waiting.slice(0, 3).join(', ') + (waiting.length > 3 ? ', and others' : '');
  const text = `Changes of the configuration wait for the next start: ${keys}.`;
  return [problem('watch', 'configuration', text)];
}

function problem(level: Problem['level'], section: Problem['section'], text: string): Problem {
  return { level, section, text };
}

/** With its unit, if the budget is limited in both. */
function namer(rows: readonly BudgetStatus[]): (row: BudgetStatus) => string {
  const shareOf = ({ name, scope, unit }: BudgetStatus) => `${unit} ${name} ${scope}`;
  const shares = new Set(rows.map(shareOf));
  return (row) => {
    const { name, scope, unit } = row;
    const other = unit === 'usd' ? 'tokens' : 'usd';
    const of = scope === '' ? '' : ` of ${scope}`;
    return `${name}${of}${shares.has(shareOf({ ...row, unit: other })) ? ` (${unit})` : ''}`;
  };
}

function endIn(windowEnd: string, nowMs: number): string {
  return `its window ends in ${duration(Date.parse(windowEnd) - nowMs)}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** In the two largest units: `2 d 5 h`. A number and its unit stay on one line. */
function duration(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return 'less than a minute';
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (hours === 0) return `${minutes}\u00a0min`;
  return days === 0 ? `${hours}\u00a0h ${minutes % 60}\u00a0min` : `${days}\u00a0d ${hours % 24}\u00a0h`;
}
