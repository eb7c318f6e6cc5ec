import { type Admission, type BudgetLine, type Demand, rollingSteps } from '../../../src/ledger/admission.ts';
/** What a ledger has to know, as a list of calls: nothing is kept but them, and every sum is taken by filter. */
import { type Amounts, nothing, type Unit, units } from '../../../src/ledger/amounts.ts';

export interface ModelCall {
  readonly admission: Admission;
  readonly admittedAtMs: number;
  /** The most that it may cost. */
  readonly held: Amounts;
  readonly usual: Amounts;
  /** Undefined as long as it is held. */
  charged?: Amounts;
  estimated: boolean;
}

export function costAt({ fixed, perOutputToken }: Demand, output: number): Amounts {
  const cost = (unit: Unit) => Math.ceil(fixed[unit] + perOutputToken[unit] * output);
  return { tokens: cost('tokens'), nanoUsd: cost('nanoUsd') };
}

/** The span of time in which a call of that time counts. */
export function spanOf({ window }: BudgetLine, admittedAtMs: number): readonly [number, number] {
  if (window.kind === 'calendar') {
    const [, startMs, endMs] = window.around(admittedAtMs);
    return [startMs, endMs];
  }
  const stepMs = window.lengthMs / rollingSteps;
  const startMs = Math.floor(admittedAtMs / stepMs) * stepMs;
  return [startMs, startMs + window.lengthMs + stepMs];
}

/** The calls that count in a budget's window at that time. */
export function countedCalls(calls: readonly ModelCall[], line: BudgetLine, nowMs: number): ModelCall[] {
  return calls.filter(({ admission, admittedAtMs }) => {
    if (!admission.budgets.some((each) => each.budget === line.budget && each.scope === line.scope))
      return false;
    const [startMs, endMs] = spanOf(line, admittedAtMs);
    return nowMs < endMs && (line.window.kind === 'rolling' || startMs <= nowMs);
  });
}

export interface Sums {
  readonly used: Amounts;
  readonly held: Amounts;
  readonly worst: Amounts;
}

export function sums(calls: readonly ModelCall[], line: BudgetLine, nowMs: number): Sums {
  const counted = countedCalls(calls, line, nowMs);
  const live = counted.filter(({ charged }) => charged === undefined);
  const isLearned = line.overshootRatio !== undefined;
  return {
    used: total(counted.map(({ charged }) => charged ?? nothing)),
    held: total(live.map(({ held, usual }) => (isLearned ? usual : held))),
    worst: total(live.map(({ held }) => held)),
  };
}

/** Whether a call of so much output fits into every budget, or into every one that clamps. */
export function fits(
  calls: readonly ModelCall[],
  { budgets, demand }: Admission,
  output: number,
  nowMs: number,
  which: (line: BudgetLine) => boolean = () => true,
): boolean {
  return budgets
    .filter((line) => line.enforced && which(line))
    .every((line) => {
      const { used, held, worst } = sums(calls, line, nowMs);
      const { overshootRatio: ratio } = line;
      const most = costAt(demand, output);
      const usual = costAt(demand, ratio === undefined ? output : Math.min(output, demand.usualOutputTokens));
      return units.every((unit) => {
        const limit = line.limit[unit] ?? Number.POSITIVE_INFINITY;
        const isUsualInside = used[unit] + held[unit] + usual[unit] <= limit;
        return isUsualInside && used[unit] + worst[unit] + most[unit] <= limit * (1 + (ratio ?? 0));
      });
    });
}

/** The output that a call is granted: one by one, from the most down to its floor; undefined if it is denied. */
export function grantedOutput(
  calls: readonly ModelCall[],
  call: Admission,
  nowMs: number,
): number | undefined {
  const { outputTokens, minOutputTokens } = call.demand;
  let output = outputTokens;
  while (output > minOutputTokens && !fits(calls, call, output, nowMs, ({ clamps }) => clamps)) output -= 1;
  return fits(calls, call, output, nowMs) ? output : undefined;
}

function total(amounts: readonly Amounts[]): Amounts {
  const sum = (unit: Unit) => amounts.reduce((before, each) => before + each[unit], 0);
  return { tokens: sum('tokens'), nanoUsd: sum('nanoUsd') };
}
