import { type Amounts, units } from '../ledger/amounts.ts';
import {
  lateNewsMs,
  type Settled,
  type SettledBudget,
  type Settlement,
  tombstoneMs,
  type UnrecordedHold,
} from '../ledger/ledger.ts';
import { limitName } from './admit.ts';
import { garbage, type ReplyReader } from './reply-reader.ts';
import type { ScriptArgument } from './scripts.ts';
import { parseWindowName, windowName } from './window-name.ts';

/** What `settle.lua` is told. Throws a RangeError at a charge that isn't made of whole, positive numbers. */
export function settleArguments(
  by: 'hold' | 'upstream',
  id: string,
  { charge, estimated, unrecorded }: Pick<Settlement, 'charge' | 'estimated' | 'unrecorded'>,
): ScriptArgument[] {
  const args: ScriptArgument[] = [by, id, tombstoneMs, lateNewsMs, Number(estimated)];
  if (charge === 'hold') args.push('', '');
  else args.push(...checked(charge));
  if (unrecorded === undefined) args.push(0);
  else pushUnrecorded(args, unrecorded);
  return args;
}

function pushUnrecorded(
  args: ScriptArgument[],
  { budgets, rates, held, admittedAtMs }: UnrecordedHold,
): void {
  args.push(1, ...checked(held), admittedAtMs, budgets.length);
  for (const line of budgets) {
    if (line.window.kind === 'rolling') {
      args.push(windowName(line), line.window.lengthMs, 0, 0);
    } else {
      const [, startMs, endMs] = line.window.around(admittedAtMs);
      args.push(`${windowName(line)}${startMs}`, 0, startMs, endMs);
    }
  }
  const tokenRates = rates.filter(({ unit }) => unit === 'tokens');
  args.push(tokenRates.length);
  for (const { limit, scope, perSecond } of tokenRates) args.push(limitName(limit, scope), perSecond);
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
  const hasNote = reply.integer() === 1;
  const note = { operation: reply.text(), model: reply.text() };
  const budgets: SettledBudget[] = [];
  while (reply.hasMore()) budgets.push(readBudget(reply));
  return { kind, held, charged, overrun: beyond(charged, held), note: hasNote ? note : undefined, budgets };
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
