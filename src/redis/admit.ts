import {
  type Admission,
  type BudgetLine,
  type Decision,
  type Denied,
  maxQueued,
  queuePlaceMs,
} from '../ledger/admission.ts';
import { type Unit, units } from '../ledger/amounts.ts';
import { packDoubles } from './doubles.ts';
import { holdRecord } from './hold-record.ts';
import { dueKey, holdsKey, indexKey, placesKey, queueKeys, rateKey, windowKey } from './key-names.ts';
import { garbage, type ReplyReader } from './reply-reader.ts';
import type { Question } from './scripts.ts';

/** What `admit.lua` is told: calendar windows as they are around `nowMs`, the store's clock as far as known. */
export function askToAdmit(admission: Admission, nowMs: number, deadlineMs: number): Question {
  const { holdId, leaseMs, waitedMs, demand, budgets, rates, concurrencies, note } = admission;
  const numbers = [deadlineMs, leaseMs, waitedMs];
  numbers.push(demand.fixed.tokens, demand.fixed.nanoUsd);
  numbers.push(demand.perOutputToken.tokens, demand.perOutputToken.nanoUsd);
  numbers.push(demand.outputTokens, demand.minOutputTokens, demand.usualOutputTokens);
  numbers.push(maxQueued, queuePlaceMs, budgets.length, rates.length, concurrencies.length);
  for (const line of budgets) pushBudget(numbers, line, nowMs);
  for (const { perSecond, burst, waitUpToMs, unit } of rates) {
    numbers.push(perSecond, burst, waitUpToMs, unit === 'tokens' ? 1 : 0);
  }
  for (const { max, waitUpToMs } of concurrencies) numbers.push(max, waitUpToMs);
  return {
    keys: [
      holdsKey,
      dueKey,
      indexKey,
      ...budgets.map(windowKey),
      ...rates.map(rateKey),
      ...concurrencies.flatMap((line) => [placesKey(line), ...queueKeys(line)]),
    ],
    args: [packDoubles(numbers), holdId, holdRecord(admission, note)],
  };
}

function pushBudget(numbers: number[], line: BudgetLine, nowMs: number): void {
  const { window, limit, enforced } = line;
  if (window.kind === 'rolling') numbers.push(window.lengthMs, 0, 0, 0, 0);
  else numbers.push(0, ...window.around(nowMs));
  // What is only observed is a budget that everything fits into.
  const limitOf = (unit: Unit) => (enforced ? (limit[unit] ?? Infinity) : Infinity);
  numbers.push(limitOf('tokens'), limitOf('nanoUsd'), line.overshootRatio ?? -1, line.clamps ? 1 : 0);
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
