import type { BudgetLine } from './admission.ts';
import type { Settlement } from './settlement.ts';

/**
 * Where charges are kept that a shared store could not take yet, so that a process that is killed meanwhile loses
 * none: its successor on the same directory sends them. Settling twice charges once, so a charge that was sent
 * and is still kept does no harm.
 */
export interface SettlementJournal {
  /** Like `forget`, never throws. */
  keep(holdId: string, settlement: string): void;
  forget(holdId: string): void;
  kept(): string[];
  close(): void;
}

/** For deployments without a directory to write to. */
export const noJournal: SettlementJournal = { keep() {}, forget() {}, kept: () => [], close() {} };

export interface KeptSettlement {
  readonly settlement: Settlement;
  /** As of a `Message`. */
  readonly attemptedAtMs: number | undefined;
}

/** Windows are written with the boundaries that they had when the call began: that one pays. */
export function writeKept({ settlement, attemptedAtMs }: KeptSettlement): string {
  const { unrecorded } = settlement;
  const budgets = unrecorded?.budgets.map((line) => writeLine(line, unrecorded.admittedAtMs));
  return JSON.stringify({
    attemptedAtMs,
    settlement: { ...settlement, ...(unrecorded && { unrecorded: { ...unrecorded, budgets } }) },
  });
}

/** Throws at what `writeKept` has not written. */
export function readKept(text: string): KeptSettlement {
  const { settlement, attemptedAtMs } = JSON.parse(text) as KeptSettlement;
  const { unrecorded } = settlement;
  if (!unrecorded) return { settlement, attemptedAtMs };
  const budgets = unrecorded.budgets.map(readLine);
  return { settlement: { ...settlement, unrecorded: { ...unrecorded, budgets } }, attemptedAtMs };
}

function writeLine({ window, ...line }: BudgetLine, atMs: number): object {
  if (window.kind === 'rolling') return { ...line, window };
  return { ...line, window: { ...window, boundaries: window.around(atMs) } };
}

type Boundaries = readonly [number, number, number, number];

function readLine(line: BudgetLine): BudgetLine {
  const { window } = line;
  if (window.kind === 'rolling') return line;
  const { boundaries } = window as typeof window & { readonly boundaries: Boundaries };
  return { ...line, window: { kind: window.kind, code: window.code, around: () => boundaries } };
}
