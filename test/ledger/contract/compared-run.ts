import assert from 'node:assert/strict';

import type { BudgetLine, BudgetState } from '../../../src/ledger/admission.ts';
import { type Amounts, nothing, units } from '../../../src/ledger/amounts.ts';
import type { Operation } from './arbitrary-operations.ts';
import { admission, costs, hourMs, type LedgerUnderTest, minuteMs } from './ledger-under-test.ts';
import { costAt, grantedOutput, type ModelCall, spanOf, sums } from './model.ts';

/** What the model knows of a call beyond its amounts. */
interface Call extends ModelCall {
  dueAtMs: number;
  upstreamId: string | undefined;
  /** An exact charge is final, and so is a correction. */
  isFinal: boolean;
}

export interface ComparedRun {
  /** Does the same to the ledger and to the model, and compares the answers. */
  perform(operation: Operation): Promise<void>;
  assertSameWindows(): Promise<void>;
  /** All owners die, and the sweeper does its work. */
  comeToRest(): Promise<void>;
  /** Nothing is held any more, and what is left can be spent to the last token. */
  spendTheRest(): Promise<void>;
  readonly happened: Readonly<Record<string, number>>;
}

/** The ledger's clock was put on a whole hour before; `org` is one that it has never seen. */
export function createRun(under: LedgerUnderTest, org: string, usable: readonly BudgetLine[]): ComparedRun {
  const { ledger } = under;
  const calls: Call[] = [];
  const happened = {
    granted: 0,
    denied: 0,
    clamped: 0,
    settled: 0,
    corrected: 0,
    duplicate: 0,
    claimed: 0,
    deferred: 0,
  };
  // Time without the milliseconds that really pass: less than a minute in all.
  let nowMs = Math.floor(ledger.nowMs() / hourMs) * hourMs;
  let latestMs = nowMs;

  const chosen = (pick: number): Call | undefined => calls[pick % calls.length];

  async function step(minutes: number): Promise<void> {
    // Windows are kept for ten minutes after their end, so a clock that steps back further may find them gone.
    const ms = Math.max(minutes * minuteMs, latestMs - 5 * minuteMs - nowMs);
    await under.advance(ms);
    nowMs += ms;
    latestMs = Math.max(latestMs, nowMs);
  }

  async function admit(operation: Operation & { kind: 'admit' }): Promise<void> {
    const budgets = operation.lines.flatMap((index) => usable[index] ?? []);
    if (budgets.length === 0) return;
    const leaseMs = operation.leaseMinutes * minuteMs;
    const call = admission({ org, budgets, leaseMs, demand: operation.demand });
    const output = grantedOutput(calls, call, nowMs);
    const decision = await ledger.admit(call);
    if (output === undefined) {
      assert.equal(decision.kind, 'denied', 'the model has no room for this call');
      happened.denied += 1;
      return;
    }
    assert.ok(decision.kind === 'granted', `denied, although it fits with ${output} tokens of output`);
    assert.equal(decision.outputTokens, output);
    const held = costAt(call.demand, output);
    assert.deepEqual(decision.held, held);
    const usual = costAt(call.demand, Math.min(output, call.demand.usualOutputTokens));
    const rest = { estimated: false, isFinal: false, upstreamId: undefined };
    calls.push({ admission: call, admittedAtMs: nowMs, held, usual, dueAtMs: nowMs + leaseMs, ...rest });
    happened.granted += 1;
    if (output < call.demand.outputTokens) happened.clamped += 1;
    for (const [index, line] of budgets.entries()) assertNoOvershoot(line, decision.budgets[index]);
  }

  /** Looked at after grants: between them, sums grow only by what is billed beyond a hold. */
  function assertNoOvershoot(line: BudgetLine, state: BudgetState | undefined): void {
    if (!line.enforced) return;
    assert.ok(state !== undefined);
    const { worst } = sums(calls, line, nowMs);
    for (const unit of units) {
      const limit = line.limit[unit] ?? Number.POSITIVE_INFINITY;
      assert.ok(state.used[unit] + state.held[unit] <= limit, `${line.budget} overshoots its ${unit}`);
      const bound = limit * (1 + (line.overshootRatio ?? 0));
      assert.ok(state.used[unit] + worst[unit] <= bound, `${line.budget} may overshoot its ${unit}`);
    }
  }

  function charge(call: Call, charged: Amounts, estimated: boolean): 'settled' | 'corrected' | 'duplicate' {
    const isLive = call.charged === undefined;
    if (!isLive && (call.isFinal || estimated)) return 'duplicate';
    call.charged = charged;
    call.isFinal = !estimated;
    return isLive ? 'settled' : 'corrected';
  }

  async function settle(call: Call, charged: Amounts | 'hold', estimated: boolean): Promise<void> {
    const { holdId } = call.admission;
    const settled = await ledger.settle({ org, holdId, charge: charged, estimated });
    const kind = charge(call, charged === 'hold' ? call.held : charged, estimated);
    assert.equal(settled.kind, kind);
    happened[kind] += 1;
    // A duplicate may come after the ledger has forgotten what it duplicates.
    if (kind !== 'duplicate') assert.deepEqual(settled.charged, call.charged);
  }

  async function sweep(): Promise<void> {
    const due = await ledger.claimDue({ org, max: 1000, claimMs: minuteMs });
    const expected = calls.filter((call) => call.charged === undefined && call.dueAtMs <= nowMs);
    const ids = expected.map((call) => call.admission.holdId);
    assert.deepEqual(due.map(({ holdId }) => holdId).sort(), ids.sort());
    for (const call of expected) {
      happened.claimed += 1;
      if (call.upstreamId === undefined) await settle(call, 'hold', true);
      else await settleDeferred(call, 0.5);
    }
  }

  async function defer(call: Call, pollAfterMinutes: number): Promise<void> {
    const { holdId } = call.admission;
    const id = `resp_${holdId}`;
    const upstream = { id, path: `/responses/${id}` };
    const isDeferred = await ledger.defer({
      org,
      holdId,
      upstream,
      pollAfterMs: pollAfterMinutes * minuteMs,
    });
    assert.equal(isDeferred, call.charged === undefined);
    if (!isDeferred) return;
    call.upstreamId = id;
    call.dueAtMs = nowMs + pollAfterMinutes * minuteMs;
    happened.deferred += 1;
  }

  async function settleDeferred(call: Call, share: number): Promise<void> {
    const upstreamId = call.upstreamId ?? `resp_${call.admission.holdId}`;
    const charged = part(call.held, share);
    const settled = await ledger.settleDeferred({ org, upstreamId, charge: charged, estimated: false });
    // An id is known until its charge is final.
    const isKnown = call.upstreamId !== undefined && !call.isFinal;
    const kind = isKnown ? charge(call, charged, false) : undefined;
    assert.equal(settled?.kind, kind);
    if (kind !== undefined) happened[kind] += 1;
  }

  async function renew(call: Call, leaseMs: number): Promise<void> {
    await ledger.renew({ org, leaseMs, holdIds: [call.admission.holdId] });
    // Once deferred it is due when its upstream is to be asked.
    if (call.upstreamId === undefined) call.dueAtMs = nowMs + leaseMs;
  }

  async function assertSameWindows(): Promise<void> {
    const shown = (await ledger.windows(org))
      .filter(({ used, held }) => units.some((unit) => used[unit] + held[unit] > 0))
      .map(({ budget, scope, windowCode, startMs, used, held }) => {
        const isRolling = windowCode.startsWith('rolling');
        return JSON.stringify([budget, scope, isRolling ? 0 : startMs, used, held]);
      });
    assert.deepEqual(shown.sort(), modelWindows().sort());
  }

  function modelWindows(): string[] {
    return usable.flatMap((line) => {
      const isRolling = line.window.kind === 'rolling';
      const starts = isRolling
        ? [nowMs]
        : new Set(calls.map((call) => spanOf(line, call.admittedAtMs)[0]).filter(isOpen(line, nowMs)));
      return [...starts].flatMap((startMs) => {
        const { used, held } = sums(calls, line, startMs);
        if (units.every((unit) => used[unit] + held[unit] === 0)) return [];
        return [JSON.stringify([line.budget, line.scope, isRolling ? 0 : startMs, used, held])];
      });
    });
  }

  return {
    happened,
    assertSameWindows,
    async perform(operation) {
      if (operation.kind === 'admit') return admit(operation);
      if (operation.kind === 'step') return step(operation.minutes);
      if (operation.kind === 'sweep') return sweep();
      const call = chosen(operation.pick);
      if (call === undefined) return undefined;
      if (operation.kind === 'renew') return renew(call, operation.leaseMinutes * minuteMs);
      if (operation.kind === 'settle') return settle(call, part(call.held, operation.share), false);
      if (operation.kind === 'estimate') return settle(call, 'hold', true);
      if (operation.kind === 'defer') return defer(call, operation.pollAfterMinutes);
      return settleDeferred(call, operation.share);
    },
    async comeToRest() {
      await step(14);
      await sweep();
      assert.deepEqual(
        calls.filter(({ charged }) => charged === undefined),
        [],
      );
    },
    async spendTheRest() {
      for (const { held } of await ledger.windows(org)) assert.deepEqual(held, nothing);
      for (const line of usable) {
        const limit = line.limit.tokens;
        if (!line.enforced || limit === undefined) continue;
        const left = Math.max(0, limit - sums(calls, line, nowMs).used.tokens);
        const budgets = [{ ...line, limit: { tokens: limit, nanoUsd: undefined } }];
        const last = await ledger.admit(admission({ org, budgets, demand: costs(left) }));
        if (left > 0) assert.equal(last.kind, 'granted', `${left} tokens are left`);
        const more = await ledger.admit(admission({ org, budgets, demand: costs(1) }));
        assert.equal(more.kind, 'denied');
      }
    },
  };
}

function part(held: Amounts, share: number): Amounts {
  return { tokens: Math.floor(held.tokens * share), nanoUsd: Math.floor(held.nanoUsd * share) };
}

function isOpen(line: BudgetLine, nowMs: number): (startMs: number) => boolean {
  return (startMs) => nowMs < spanOf(line, startMs)[1];
}
