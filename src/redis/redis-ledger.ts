import { setTimeout as sleep } from 'node:timers/promises';

import { type DueHold, type Ledger, type WindowState } from '../ledger/ledger.ts';
import { askToAdmit, readDecision } from './admit.ts';
import { connect } from './connect.ts';
import { readNote } from './hold-record.ts';
import { inTime } from './in-time.ts';
import {
  dueKey,
  encodeName,
  holdsKey,
  indexKey,
  keyBase,
  parseWindowName,
  queueKeys,
  upstreamKey,
} from './key-names.ts';
import { createReadiness } from './readiness.ts';
import { garbage, readReply, type ReplyReader } from './reply-reader.ts';
import { createScripts, type Question, type ScriptName } from './scripts.ts';
import { askToRecover, askToSettle, askToSettleDeferred, readSettled } from './settle.ts';

export interface RedisLedgerOptions {
  /** See `parseRedisUrl`. */
  readonly url: string;
  /** Every method answers or rejects within this time. */
  readonly timeoutMs: number;
  /** What all keys begin with, and a colon. */
  readonly keyPrefix: string;
  /** Told why there is no connection; what fails for lack of one is rejected besides. */
  onError(error: Error): void;
}

/**
 * How long behind its timeout an admission may still be carried out: what the pod's idea of the store's clock
 * may be off by.
 */
const deadlineSlackMs = 1000;

/** So many windows are looked at in one step: others wait for it. */
const windowsTogether = 500;

/**
 * The ledger in Redis: each method is one script, and so one atomic step on the one server that has all keys
 * of the organisation. Throws on a malformed URL; connects in the background, again and again.
 */
export function createRedisLedger(options: RedisLedgerOptions): Ledger {
  const { timeoutMs } = options;
  const client = connect(options.url, options);
  const ready = createReadiness(client);
  const run = createScripts(client);

  const monotonicMs = () => performance.timeOrigin + performance.now();
  let offsetMs = 0;
  const nowMs = () => Math.floor(monotonicMs() + offsetMs);

  async function ask(script: ScriptName, org: string, { keys, args }: Question): Promise<ReplyReader> {
    await ready();
    const base = keyBase(options.keyPrefix, org);
    const reply = readReply(await run(script, { keys: keys.map((key) => base + key), args }));
    offsetMs = reply.nowMs - monotonicMs();
    return reply;
  }

  /** Of a script that answers in one way only. */
  async function askFor(kind: string, ...question: Parameters<typeof ask>): Promise<ReplyReader> {
    const reply = await ask(...question);
    if (reply.kind !== kind) throw garbage();
    return reply;
  }

  /** Of a script that goes through the index of windows, each page in the time that a method may take. */
  async function forEachPage(
    script: 'windows' | 'reset',
    org: string,
    args: readonly string[],
    read: (reply: ReplyReader) => void,
  ): Promise<void> {
    let cursor = '0';
    do {
      cursor = await inTime(timeoutMs, async () => {
        const question = { keys: [indexKey], args: [...args, cursor, windowsTogether] };
        const reply = await askFor(script, script, org, question);
        const next = reply.text();
        read(reply);
        return next;
      });
    } while (cursor !== '0');
  }

  return {
    admit: (admission) =>
      inTime(timeoutMs, async (isInTime) => {
        const attempt = () => {
          const askedAtMs = nowMs();
          const deadlineMs = askedAtMs + timeoutMs + deadlineSlackMs;
          return ask('admit', admission.org, askToAdmit(admission, askedAtMs, deadlineMs));
        };
        let reply = await attempt();
        // The pod had no idea yet what the store's clock says, or that has jumped; now it is known.
        if ((reply.kind === 'clock' || reply.kind === 'late') && isInTime()) reply = await attempt();
        if (reply.kind === 'clock' || reply.kind === 'late') throw new Error('its clock is not steady');
        return readDecision(reply, admission);
      }),
    renew: ({ org, leaseMs, holdIds }) =>
      inTime(timeoutMs, async () => {
        const question = { keys: [holdsKey, dueKey], args: [leaseMs, ...holdIds] };
        await askFor('renewed', 'renew', org, question);
      }),
    settle: async (settlement) => {
      const { org, unrecorded } = settlement;
      const question = askToSettle(settlement);
      return inTime(timeoutMs, async () => {
        let reply = await ask('settle', org, question);
        // The rest is told only to a store that needs it: it is large, and such stores are rare.
        if (reply.kind === 'unknown' && unrecorded) {
          reply = await ask('settle', org, askToRecover(settlement, unrecorded));
        }
        const settled = readSettled(reply);
        if (settled === undefined) throw garbage();
        return settled;
      });
    },
    defer: ({ org, holdId, upstream, pollAfterMs }) =>
      inTime(timeoutMs, async () => {
        const { kind } = await ask('defer', org, {
          keys: [holdsKey, dueKey, upstreamKey(upstream.id)],
          args: [holdId, upstream.id, upstream.path, pollAfterMs],
        });
        if (kind !== 'deferred' && kind !== 'unknown') throw garbage();
        return kind === 'deferred';
      }),
    settleDeferred: async (settlement) => {
      const question = askToSettleDeferred(settlement);
      return inTime(timeoutMs, async () => readSettled(await ask('settle', settlement.org, question)));
    },
    claimDue: ({ org, max, claimMs }) =>
      inTime(timeoutMs, async () => {
        const reply = await askFor('due', 'claim-due', org, {
          keys: [holdsKey, dueKey],
          args: [max, claimMs],
        });
        const holds: DueHold[] = [];
        while (reply.hasMoreTexts()) holds.push(readDueHold(reply));
        return holds;
      }),
    leaveQueue: ({ org, holdId, concurrencies }) =>
      inTime(timeoutMs, async () => {
        const keys = concurrencies.flatMap(queueKeys);
        await askFor('left', 'leave-queue', org, { keys: [holdsKey, ...keys], args: [holdId] });
      }),
    async windows(org) {
      // A scan may tell of a window twice.
      const windows = new Map<string, WindowState>();
      await forEachPage('windows', org, [], (reply) => {
        while (reply.hasMoreTexts()) {
          const window = readWindowState(reply);
          windows.set(
            JSON.stringify([window.budget, window.scope, window.windowCode, window.startMs]),
            window,
          );
        }
      });
      return [...windows.values()];
    },
    async reset(org, budget, scope) {
      const ofScope = scope === undefined ? '' : `${encodeName(scope)}:`;
      let count = 0;
      await forEachPage('reset', org, [`${encodeName(budget)}:${ofScope}`], (reply) => {
        count += reply.integer();
      });
      return count;
    },
    nowMs,
    isReachable: () => client.status === 'ready',
    close: async () => {
      // What was sent is answered first, but not waited for longer than its callers do.
      await Promise.race([client.quit().catch(() => {}), sleep(timeoutMs, undefined, { ref: false })]);
      client.disconnect();
    },
  };
}

function readDueHold(reply: ReplyReader): DueHold {
  const holdId = reply.text();
  const note = readNote(reply.text());
  const held = reply.amounts();
  const admittedAtMs = reply.integer();
  const upstream = { id: reply.text(), path: reply.text() };
  return { holdId, note, held, admittedAtMs, upstream: upstream.id === '' ? undefined : upstream };
}

function readWindowState(reply: ReplyReader): WindowState {
  const name = parseWindowName(reply.text());
  if (name === undefined) throw garbage();
  return { ...name, ...reply.state() };
}
