import type { BudgetLine, Settlement } from './ledger.ts';

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

/** Windows are written with the boundaries that they had when the call began: that one pays. */
export function writeSettlement(settlement: Settlement): string {
  const { unrecorded } = settlement;
  return JSON.stringify({
    ...settlement,
    ...(unrecorded && {
      unrecorded: {
        ...unrecorded,
        budgets: unrecorded.budgets.map(({ window, ...line }) => ({
          ...line,
          window:
            window.kind === 'rolling'
              ? window
              : { ...window, boundaries: window.around(unrecorded.admittedAtMs) },
        })),
      },
    }),
  });
}

/** Throws at what `writeSettlement` has not written. */
export function readSettlement(text: string): Settlement {
  const settlement = JSON.parse(text) as Settlement;
  const { unrecorded } = settlement;
  if (!unrecorded) return settlement;
  return { ...settlement, unrecorded: { ...unrecorded, budgets: unrecorded.budgets.map(readLine) } };
}

type Boundaries = readonly [number, number, number, number];

function readLine(line: BudgetLine): BudgetLine {
  const { window } = line;
  if (window.kind === 'rolling') return line;
  const { boundaries } = window as typeof window & { readonly boundaries: Boundaries };
  return { ...line, window: { kind: window.kind, code: window.code, around: () => boundaries } };
}
