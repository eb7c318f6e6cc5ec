import { type Amounts, units } from '../ledger/amounts.ts';
import {
  type DeferredSettlement,
  lateNewsMs,
  type RateLine,
  type Settled,
  type SettledBudget,
  type Settlement,
  tombstoneMs,
  type UnrecordedHold,
} from '../ledger/ledger.ts';
import { packDoubles } from './doubles.ts';
import { holdLines, readNote } from './hold-lines.ts';
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

type Charge = Pick<Settlement, 'charge' | 'estimated' | 'unrecorded'>;

/** What `settle.lua` is told. Throws a RangeError at a charge that isn't made of whole, positive numbers. */
export function askToSettle({ holdId, ...charge }: Omit<Settlement, 'org'>): Question {
  const { unrecorded } = charge;
  const lines = unrecorded
    ? [...unrecorded.budgets.map(windowKey), ...tokenRatesOf(unrecorded).map(rateKey)]
    : [];
  return {
    keys: [holdsKey, dueKey, indexKey, tombstoneKey(holdId), ...lines],
    args: ['hold', holdId, ...chargeArguments(charge)],
  };
}

/** The same for a hold that is known by its upstream's id. */
export function askToSettleDeferred({ upstreamId, ...charge }: Omit<DeferredSettlement, 'org'>): Question {
  return {
    keys: [holdsKey, dueKey, indexKey, upstreamKey(upstreamId)],
    args: ['upstream', upstreamId, ...chargeArguments(charge)],
  };
}

function chargeArguments({ charge, estimated, unrecorded }: Charge): Question['args'] {
  const amounts = charge === 'hold' ? [-1, -1] : checked(charge);
  const numbers = packDoubles([tombstoneMs, lateNewsMs, Number(estimated), ...amounts]);
  if (unrecorded === undefined) return [numbers, '', ''];
  return [
    numbers,
    holdLines({ ...unrecorded, rates: tokenRatesOf(unrecorded) }),
    packDoubles(recovery(unrecorded)),
  ];
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

function tokenRatesOf({ rates }: UnrecordedHold): RateLine[] {
  return rates.filter(({ unit }) => unit === 'tokens');
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
