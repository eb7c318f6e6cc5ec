import { type BudgetLine, type BudgetState, type Window, rollingSteps } from '../ledger/admission.ts';
import { type Amounts, nothing } from '../ledger/amounts.ts';
import type { WindowState } from '../ledger/ledger.ts';
import { bounded, plus } from './add-amounts.ts';

/** What one budget has counted for one scope, in windows of one kind. */
export interface Account {
  readonly org: string;
  readonly budget: string;
  readonly scope: string;
  readonly windowCode: string;
  /** Undefined for calendar windows. */
  readonly rollsMs: number | undefined;
  readonly cells: readonly Cell[];
}

/**
 * The span of admission that amounts are filed under, and until when they count: a calendar window, or a step
 * of a rolling one. Whether a cell counts depends on the clock alone, so a clock that steps back finds
 * everything as it was.
 */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export interface Tally {
  readonly used: Amounts;
  readonly held: Amounts;
  /** What live holds may cost at worst: more than `held` where a budget is learned. */
  readonly worst: Amounts;
}

export interface Cell extends Span, Tally {}

const empty: Tally = { used: nothing, held: nothing, worst: nothing };

/** An ended window is kept for its length, within these bounds, for charges that come late. */
const minKeptMs = 600_000;
const maxKeptMs = 172_800_000;

export function openAccount(org: string, { budget, scope, window }: BudgetLine): Account {
  const rollsMs = window.kind === 'rolling' ? window.lengthMs : undefined;
  return { org, budget, scope, windowCode: window.code, rollsMs, cells: [] };
}

/** Where a call admitted at that time is filed. */
export function spanAt(window: Window, atMs: number): Span {
  if (window.kind === 'calendar') {
    const [, startMs, endMs] = window.around(atMs);
    return { startMs, endMs };
  }
  const stepMs = window.lengthMs / rollingSteps;
  const step = Math.floor(atMs / stepMs);
  return { startMs: step * stepMs, endMs: (step + rollingSteps + 1) * stepMs };
}

/** What counts together with a span: all steps that haven't ended of a rolling window, else its own cell. */
export function tallyOf(account: Account, span: Span, nowMs: number): Tally {
  const cells =
    account.rollsMs === undefined
      ? account.cells.filter(({ startMs }) => startMs === span.startMs)
      : account.cells.filter(({ endMs }) => nowMs < endMs);
  return cells.reduce(addTallies, empty);
}

/** Adds to, or with negative amounts takes from, the cell of a span. No amount falls below zero, nor grows beyond the largest. */
export function post(account: Account, { startMs, endMs }: Span, change: Partial<Tally>): Account {
  const before = account.cells.find((cell) => cell.startMs === startMs) ?? { startMs, endMs, ...empty };
  const { used, held, worst } = addTallies(before, { ...empty, ...change });
  const after = {
    startMs,
    endMs,
    used: bounded(used),
    held: bounded(held),
    worst: bounded(worst),
  };
  return { ...account, cells: [...account.cells.filter((cell) => cell.startMs !== startMs), after] };
}

export function hasCell(account: Account, { startMs }: Span): boolean {
  return account.cells.some((cell) => cell.startMs === startMs);
}

export function stateOf(account: Account, span: Span, nowMs: number): BudgetState {
  const { used, held } = tallyOf(account, span, nowMs);
  if (account.rollsMs === undefined) return { startMs: span.startMs, endMs: span.endMs, used, held };
  return { startMs: nowMs - account.rollsMs, endMs: nowMs, used, held };
}

/** The windows that haven't ended: several of a calendar only if the clock has stepped back. */
export function windowsOf(account: Account, nowMs: number): WindowState[] {
  const { budget, scope, windowCode } = account;
  const live = account.cells.filter(({ endMs }) => nowMs < endMs);
  const shown = account.rollsMs === undefined ? live : live.slice(0, 1);
  return shown.map((cell) => ({ budget, scope, windowCode, ...stateOf(account, cell, nowMs) }));
}

/** With nothing used in the current windows; what is held stays held. */
export function resetWindows(account: Account, nowMs: number): Account {
  const cells = account.cells.map((cell) => {
    const isCurrent = nowMs < cell.endMs && (account.rollsMs !== undefined || cell.startMs <= nowMs);
    return isCurrent ? { ...cell, used: nothing } : cell;
  });
  return { ...account, cells };
}

/** Without the cells that no charge will be filed under any more. */
export function dropEnded(account: Account, nowMs: number): Account {
  const cells = account.cells.filter(({ startMs, endMs }) => {
    const keptMs = Math.min(Math.max(account.rollsMs ?? endMs - startMs, minKeptMs), maxKeptMs);
    return nowMs < endMs + keptMs;
  });
  return cells.length === account.cells.length ? account : { ...account, cells };
}

function addTallies(left: Tally, right: Tally): Tally {
  return {
    used: plus(left.used, right.used),
    held: plus(left.held, right.held),
    worst: plus(left.worst, right.worst),
  };
}
