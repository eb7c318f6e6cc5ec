import type { BudgetReport } from '../../src/ledger/budget-report.ts';
import { until } from './redis.ts';
import type { Sidecar } from './sidecar.ts';

type Budgets = Pick<Sidecar, 'budgets'>;
/** Members that tell a row from others: `{ name: 'day', scope: 'user=u1' }`. */
type Wanted = Partial<BudgetReport>;

/** The row as it is now; undefined before the first call. */
export async function budgetRow(sidecar: Budgets, wanted: Wanted): Promise<BudgetReport | undefined> {
  const members = Object.entries(wanted) as [keyof BudgetReport, unknown][];
  const rows = await sidecar.budgets();
  return rows.find((row) => members.every(([key, value]) => row[key] === value));
}

/** As soon as something is held. */
export function heldRow(sidecar: Budgets, wanted: Wanted): Promise<BudgetReport> {
  return rowWhen(sidecar, wanted, ({ held }) => held > 0);
}

/** As soon as nothing is held (any more). */
export function freeRow(sidecar: Budgets, wanted: Wanted): Promise<BudgetReport> {
  return rowWhen(sidecar, wanted, ({ held }) => held === 0);
}

/** As soon as something was charged and nothing is held any more. */
export function chargedRow(sidecar: Budgets, wanted: Wanted): Promise<BudgetReport> {
  return rowWhen(sidecar, wanted, ({ used, held }) => used > 0 && held === 0);
}

async function rowWhen(
  sidecar: Budgets,
  wanted: Wanted,
  isSo: (row: BudgetReport) => boolean,
): Promise<BudgetReport> {
  let found: BudgetReport | undefined;
  await until(async () => {
    const row = await budgetRow(sidecar, wanted);
    if (row && isSo(row)) found = row;
    return found !== undefined;
  });
  return found!;
}
