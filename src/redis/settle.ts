import { type Amounts, nothing, units } from '../ledger/amounts.ts';
import {
  type DeferredSettlement,
  lateNewsMs,
  type Settled,
  type SettledBudget,
  type Settlement,
  tombstoneMs,
  type UnrecordedHold,
} from '../ledger/settlement.ts';
import { packDoubles } from './doubles.ts';
import { holdRecord, readNote } from './hold-record.ts';
import {
  dueKey,
  holdsKey,
  indexKey,
  parseWindowName,
  rateKey,
  tombstoneKey,
  upstreamKey,
  windowKey,
} from './key-names.ts';
import { garbage, type ReplyReader } from './reply-reader.ts';
import type { Question } from './scripts.ts';

type Charge = Pick<Settlement, 'charge' | 'estimated'>;

/**
 * What `settle.lua` is told of a hold that the store has most likely recorded. Throws a RangeError at a charge that
 * isn't made of whole, positive numbers.
 */
export function askToSettle({ holdId, ...charge }: Omit<Settlement, 'org' | 'unrecorded'>): Question {
  return {
    keys: [holdsKey, dueKey, indexKey, tombstoneKey(holdId)],
    args: ['hold', holdId, packCharge(charge)],
  };
}

/** The same for one that it doesn't know, if it still doesn't. */
export function askToRecover(settlement: Omit<Settlement, 'org'>, unrecorded: UnrecordedHold): Question {
  const { keys, args } = askToSettle(settlement);
  const tokenRates = unrecorded.rates.filter(({ unit }) => unit === 'tokens');
  return {
    keys: [...keys, ...unrecorded.budgets.map(windowKey), ...tokenRates.map(rateKey)],
    args: [...args, holdRecord(unrecorded, undefined), packDoubles(recovery(unrecorded))],
  };
}

/** The same for a hold that is known by its upstream's id. */
export function askToSettleDeferred({ upstreamId, ...charge }: Omit<DeferredSettlement, 'org'>): Question {
  return {
    keys: [holdsKey, dueKey, indexKey, upstreamKey(upstreamId)],
    args: ['upstream', upstreamId, packCharge(charge)],
  };
}

function packCharge({ charge, estimated }: Charge): Buffer {
  const amounts = charge === 'hold' ? [-1, -1] : checked(charge);
  return packDoubles([tombstoneMs, lateNewsMs, Number(estimated), ...amounts]);
}

function recovery({ budgets, held, admittedAtMs }: UnrecordedHold): number[] {
  const numbers = [...checked(held), admittedAtMs];
  for (const { window } of budgets) {
    if (window.kind === 'rolling') {
      numbers.push(window.lengthMs, 0, 0);
    } else {
      const [, startMs, endMs] = window.around(admittedAtMs);
      numbers.push(0, startMs, endMs);
    }
  }
  return numbers;
}

function checked({ tokens, nanoUsd }: Amounts): [number, number] {
  for (const amount of [tokens, nanoUsd]) {
    if (!Number.isSafeInteger(amount) || amount < 0) {
      throw new RangeError(`${amount} is no amount that can be charged`);
    }
  }
  return [tokens, nanoUsd];
}

/** Undefined if nothing was deferred under the upstream's id. Throws `StoreUnavailable` at what is no answer. */
export function readSettled(reply: ReplyReader): Settled | undefined {
  const { kind } = reply;
  if (kind === 'none') return undefined;
  if (kind === 'unknown') {
    reply.end();
    return {
      kind: 'duplicate',
      held: nothing,
      charged: nothing,
      overrun: nothing,
      note: undefined,
      budgets: [],
    };
  }
  if (kind !== 'settled' && kind !== 'corrected' && kind !== 'recovered' && kind !== 'duplicate') {
    throw garbage();
  }
  const held = reply.amounts();
  const charged = reply.amounts();
  const noteText = reply.text();
  const note = noteText === '' ? undefined : readNote(noteText);
  const budgets: SettledBudget[] = [];
  while (reply.hasMoreTexts()) budgets.push(readBudget(reply));
  reply.end();
  return { kind, held, charged, overrun: beyond(charged, held), note, budgets };
}

function readBudget(reply: ReplyReader): SettledBudget {
  const name = parseWindowName(reply.text());
  if (name === undefined) throw garbage();
  const { budget, scope } = name;
  return { budget, scope, startMs: reply.integer(), usedBefore: reply.amounts(), usedAfter: reply.amounts() };
}

function beyond(charged: Amounts, held: Amounts): Amounts {
  const [tokens, nanoUsd] = units.map((unit) => Math.max(0, charged[unit] - held[unit])) as [number, number];
  return { tokens, nanoUsd };
}
