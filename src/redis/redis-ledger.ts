import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { type DueHold, type Ledger, StoreUnavailable, type WindowState } from '../ledger/ledger.ts';
import { admitArguments, limitName, readDecision } from './admit.ts';
import { connect } from './connect.ts';
import { plainError } from './plain-error.ts';
import { garbage, readReply, type ReplyReader } from './reply-reader.ts';
import { createScripts, type ScriptArgument, type ScriptName } from './scripts.ts';
import { readSettled, settleArguments } from './settle.ts';
import { encodeName, parseWindowName } from './window-name.ts';

export interface RedisLedgerOptions {
  /** See `parseRedisUrl`. */
  readonly url: string;
  /** Every method answers or rejects within this time; `windows` in as many steps as it needs. */
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

/** About as many windows are told in one step, which takes a few milliseconds. */
const windowsTogether = 500;

/**
 * The ledger in Redis: each method is one script, and so one atomic step on the one server that has all keys
 * of the organisation. Throws on a malformed URL; connects in the background, again and again.
 */
export function createRedisLedger(options: RedisLedgerOptions): Ledger {
  const { timeoutMs } = options;
  const client = connect(options.url, options);
  const run = createScripts(client);

  const monotonicMs = () => performance.timeOrigin + performance.now();
  let offsetMs = 0;
  const nowMs = () => Math.floor(monotonicMs() + offsetMs);

  let isReady: Promise<unknown> | undefined;
  const ready = () =>
    (isReady ??= once(client, 'ready')
      .catch(notSent)
      .finally(() => (isReady = undefined)));

  async function ask(script: ScriptName, org: string, args: readonly ScriptArgument[]): Promise<ReplyReader> {
    // A start, a failover or a blink of the network shorter than the timeout costs time, and no refusal.
    if (client.status !== 'ready') await ready();
    const reply = readReply(await run(script, `${options.keyPrefix}:{${encodeName(org)}}:`, args));
    offsetMs = reply.nowMs - monotonicMs();
    return reply;
  }

  /** Of a script that answers in one way only. */
  async function askFor(kind: string, ...question: Parameters<typeof ask>): Promise<ReplyReader> {
    const reply = await ask(...question);
    if (reply.kind !== kind) throw garbage();
    return reply;
  }

  return {
    admit: (admission) =>
      inTime(timeoutMs, async (isInTime) => {
        const attempt = () => {
          const askedAtMs = nowMs();
          const deadlineMs = askedAtMs + timeoutMs + deadlineSlackMs;
          return ask('admit', admission.org, admitArguments(admission, askedAtMs, deadlineMs));
        };
        let reply = await attempt();
        // The pod had no idea yet what the store's clock says, or that has jumped; now it is known.
        if ((reply.kind === 'clock' || reply.kind === 'late') && isInTime()) reply = await attempt();
        if (reply.kind === 'clock' || reply.kind === 'late') throw new Error('its clock is not steady');
        return readDecision(reply, admission);
      }),
    renew: ({ org, leaseMs, holdIds }) =>
      inTime(timeoutMs, async () => void (await askFor('renewed', 'renew', org, [leaseMs, ...holdIds]))),
    settle: async (settlement) => {
      const args = settleArguments('hold', settlement.holdId, settlement);
      return inTime(timeoutMs, async () => {
        const settled = readSettled(await ask('settle', settlement.org, args));
        if (settled === undefined) throw garbage();
        return settled;
      });
    },
    defer: ({ org, holdId, upstream, pollAfterMs }) =>
      inTime(timeoutMs, async () => {
        const { kind } = await ask('defer', org, [holdId, upstream.id, upstream.path, pollAfterMs]);
        if (kind !== 'deferred' && kind !== 'unknown') throw garbage();
        return kind === 'deferred';
      }),
    settleDeferred: async (settlement) => {
      const args = settleArguments('upstream', settlement.upstreamId, settlement);
      return inTime(timeoutMs, async () => readSettled(await ask('settle', settlement.org, args)));
    },
    claimDue: ({ org, max, claimMs }) =>
      inTime(timeoutMs, async () => {
        const reply = await askFor('due', 'claim-due', org, [max, claimMs]);
        const holds: DueHold[] = [];
        while (reply.hasMore()) holds.push(readDueHold(reply));
        return holds;
      }),
    leaveQueue: ({ org, holdId, concurrencies }) =>
      inTime(timeoutMs, async () => {
        const limits = concurrencies.map(({ limit, scope }) => limitName(limit, scope));
        await askFor('left', 'leave-queue', org, [holdId, ...limits]);
      }),
    async windows(org) {
      // A scan may tell of a window twice.
      const windows = new Map<string, WindowState>();
      let cursor = '0';
      do {
        cursor = await inTime(timeoutMs, async () => {
          const reply = await askFor('windows', 'windows', org, [cursor, windowsTogether]);
          const next = reply.text();
          while (reply.hasMore()) {
            const name = reply.text();
            windows.set(name, readWindowState(name, reply));
          }
          return next;
        });
      } while (cursor !== '0');
      return [...windows.values()];
    },
    reset: (org, budget, scope) =>
      inTime(timeoutMs, async () => {
        const ofScope = scope === undefined ? '' : `${encodeName(scope)}:`;
        const reply = await askFor('reset', 'reset', org, [`${encodeName(budget)}:${ofScope}`]);
        return reply.integer();
      }),
    nowMs,
    close: async () => {
      // What was sent is answered first, but not waited for longer than its callers do.
      await Promise.race([client.quit().catch(() => {}), sleep(timeoutMs, undefined, { ref: false })]);
      client.disconnect();
    },
  };
}

function notSent(cause: unknown): never {
  const { message } = plainError(cause);
  throw new StoreUnavailable(message, { cause, mayHaveHappened: false });
}

/** Rejects with `StoreUnavailable`, whatever goes wrong, and at the latest after this time. */
async function inTime<T>(timeoutMs: number, work: (isInTime: () => boolean) => Promise<T>): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  let isInTime = true;
  const timer = setTimeout(() => {
    isInTime = false;
    timeout.reject(new StoreUnavailable(`no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    return await Promise.race([work(() => isInTime), timeout.promise]);
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    const cause = plainError(error);
    throw new StoreUnavailable(cause.message, { cause });
  } finally {
    clearTimeout(timer);
  }
}

function readDueHold(reply: ReplyReader): DueHold {
  const holdId = reply.text();
  const note = { operation: reply.text(), model: reply.text() };
  const held = reply.amounts();
  const admittedAtMs = reply.integer();
  const upstream = { id: reply.text(), path: reply.text() };
  return { holdId, note, held, admittedAtMs, upstream: upstream.id === '' ? undefined : upstream };
}

function readWindowState(text: string, reply: ReplyReader): WindowState {
  const name = parseWindowName(text);
  if (name === undefined) throw garbage();
  return { ...name, ...reply.state() };
}
