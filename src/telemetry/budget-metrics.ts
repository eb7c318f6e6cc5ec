import { ledgerDefinitions as definitions } from './ledger-definitions.ts';
import { type Registers, type Sample, expose } from './registers.ts';

/** One budget of one scope in one unit, as it is now. */
export interface BudgetRow {
  readonly org: string;
  readonly name: string;
  readonly scope: string;
  readonly unit: string;
  readonly limit: number;
  readonly used: number;
  readonly held: number;
  /** ISO 8601. */
  readonly windowEnd: string;
}

export interface BudgetSource {
  /** Rejects while there is no store. */
  report(): Promise<readonly BudgetRow[]>;
  /** No scrape waits longer. */
  readonly timeoutMs: number;
  /** The store did not answer in that time. */
  onSilence(): void;
  /** Whether a budget's windows end at a time that is known ahead. */
  isCalendar(budget: string): boolean;
}

export interface BudgetMetrics {
  readFrom(source: BudgetSource): void;
  /** Asks the store, for the scrape that follows. Never rejects. */
  refresh(): Promise<void>;
}

/** Gauges of what the store knows, which are left out as long as it can't tell. */
export function createBudgetMetrics(registers: Registers, maxScopes: number): BudgetMetrics {
  let source: BudgetSource | undefined;
  let asking: Promise<readonly BudgetRow[]> | undefined;
  let told: readonly BudgetRow[] = [];
  let dropped = 0;
  expose(definitions.budgetLimit, registers, () => samplesOf((row) => row.limit));
  expose(definitions.budgetUsed, registers, () => samplesOf((row) => row.used));
  expose(definitions.budgetHeld, registers, () => samplesOf((row) => row.held));
  expose(definitions.budgetWindowEnd, registers, windowEnds);
  expose(definitions.budgetSeriesDropped, registers, () => [{ labels: {}, value: dropped }]);

  return {
    readFrom(from) {
      source = from;
    },
    async refresh() {
      if (!source) return;
      const rows = await ask(source);
      const shown = new Set(fullestScopes(rows).slice(0, maxScopes));
      told = rows.filter((row) => shown.has(shareOf(row)));
      dropped = new Set(rows.map(shareOf)).size - shown.size;
    },
  };

  async function ask({ report, timeoutMs, onSilence }: BudgetSource): Promise<readonly BudgetRow[]> {
    // Scrapes that come while the store is asked share its answer.
    asking ??= report().finally(() => (asking = undefined));
    const isLate = Promise.withResolvers<readonly BudgetRow[]>();
    const timer = setTimeout(() => {
      onSilence();
      isLate.resolve([]);
    }, timeoutMs);
    try {
      return await Promise.race([asking, isLate.promise]);
    } catch {
      return [];
    } finally {
      clearTimeout(timer);
    }
  }

  function samplesOf(value: (row: BudgetRow) => number): Sample[] {
    return told.map((row) => {
      const { org, name: budget, scope, unit } = row;
      return { labels: { org, budget, scope, unit }, value: value(row) };
    });
  }

  function windowEnds(): Sample[] {
    const ends = new Map<string, Sample>();
    for (const row of told) {
      const { org, name: budget, scope, windowEnd } = row;
      if (!source?.isCalendar(budget)) continue;
      ends.set(shareOf(row), { labels: { org, budget, scope }, value: Date.parse(windowEnd) / 1000 });
    }
    return [...ends.values()];
  }
}

function shareOf({ org, name, scope }: BudgetRow): string {
  return `${org}\n${name}\n${scope}`;
}

/** Shares of budgets, each once: a budget of all first, then those of which most is used. */
function fullestScopes(rows: readonly BudgetRow[]): string[] {
  const fullness = ({ scope, limit, used, held }: BudgetRow) =>
    scope === '' ? Infinity : (used + held) / Math.max(limit, Number.MIN_VALUE);
  const fullest = rows.toSorted((left, right) => compare(fullness(right), fullness(left)));
  return [...new Set(fullest.map(shareOf))];
}

function compare(left: number, right: number): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
