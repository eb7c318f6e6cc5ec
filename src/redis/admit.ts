import { units } from '../ledger/amounts.ts';
import {
  type Admission,
  type BudgetLine,
  type Decision,
  type Denied,
  maxQueued,
  queuePlaceMs,
} from '../ledger/ledger.ts';
import { garbage, type ReplyReader } from './reply-reader.ts';
import type { ScriptArgument } from './scripts.ts';
import { encodeName, windowName } from './window-name.ts';

/** What `admit.lua` is told: calendar windows as they are around `nowMs`, the store's clock as far as known. */
export function admitArguments(admission: Admission, nowMs: number, deadlineMs: number): ScriptArgument[] {
  const { holdId, leaseMs, waitedMs, demand, note } = admission;
  const args: ScriptArgument[] = [deadlineMs, holdId, leaseMs, waitedMs];
  args.push(demand.fixed.tokens, demand.fixed.nanoUsd);
  args.push(demand.perOutputToken.tokens, demand.perOutputToken.nanoUsd);
  args.push(demand.outputTokens, demand.minOutputTokens, demand.usualOutputTokens);
  args.push(note.operation, note.model, admission.budgets.length);
  for (const line of admission.budgets) pushBudget(args, line, nowMs);
  args.push(admission.rates.length);
  for (const { limit, scope, unit, perSecond, burst, waitUpToMs } of admission.rates) {
    args.push(limitName(limit, scope), unit, perSecond, burst, waitUpToMs);
  }
  args.push(admission.concurrencies.length);
  for (const { limit, scope, max, waitUpToMs } of admission.concurrencies) {
    args.push(limitName(limit, scope), max, waitUpToMs);
  }
  args.push(maxQueued, queuePlaceMs);
  return args;
}

function pushBudget(args: ScriptArgument[], line: BudgetLine, nowMs: number): void {
  const { window, limit } = line;
  args.push(windowName(line));
  if (window.kind === 'rolling') args.push(window.lengthMs);
  else args.push(0, ...window.around(nowMs));
  args.push(limit.tokens ?? '', limit.nanoUsd ?? '');
  args.push(Number(line.enforced), Number(line.clamps), line.overshootRatio ?? '');
}

/** How rates and concurrencies are named within an organisation's keys. */
export function limitName(limit: string, scope: string): string {
  return `${encodeName(limit)}:${encodeName(scope)}`;
}

/** Throws `StoreUnavailable` at what is no answer to this admission. */
export function readDecision(reply: ReplyReader, admission: Admission): Decision {
  const states = () => admission.budgets.map(() => reply.state());
  let decision: Decision;
  switch (reply.kind) {
    case 'granted': {
      const outputTokens = reply.integer();
      const delayMs = reply.integer();
      decision = { kind: 'granted', outputTokens, delayMs, held: reply.amounts(), budgets: states() };
      if (outputTokens > admission.demand.outputTokens) throw garbage();
      break;
    }
    case 'denied':
      decision = { kind: 'denied', by: readDenial(reply, admission), budgets: states() };
      break;
    case 'queued':
      decision = { kind: 'queued', ahead: reply.integer() };
      break;
    default:
      throw garbage();
  }
  reply.end();
  return decision;
}

function readDenial(reply: ReplyReader, admission: Admission): Denied['by'] {
  const list = reply.text();
  const index = reply.integer();
  const detail = reply.integer();
  if (list !== 'budgets' && list !== 'rates' && list !== 'concurrencies') throw garbage();
  if (index >= admission[list].length) throw garbage();
  if (list === 'rates') return { list, index, retryAfterMs: detail };
  if (list === 'concurrencies') return { list, index, isQueueFull: detail === 1 };
  const unit = units[detail - 1];
  if (unit === undefined) throw garbage();
  return { list, index, unit };
}
