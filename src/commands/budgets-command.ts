import { orgsOf } from '../composition/orgs.ts';
/** `npm start -- budgets list|show|reset`: looks at, and changes, what the store knows of budgets. */
import type { Config } from '../config/schema.ts';
import { readWindows, requestReset } from '../embedded/commands.ts';
import { type BudgetReport, reportBudgets } from '../ledger/budget-report.ts';
import { type WindowState } from '../ledger/ledger.ts';
import { createRules } from '../ledger/rules.ts';
import { createRedisLedger } from '../redis/redis-ledger.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { Audit } from '../telemetry/audit.ts';

export interface BudgetsCommand {
  readonly action: 'list' | 'show' | 'reset';
  /** Of the budget; empty for all of them. */
  readonly name: string;
  /** `team=search`; undefined for all of them. */
  readonly scope: string | undefined;
  readonly json: boolean;
}

interface CommandResult {
  readonly exitCode: 0 | 1;
  readonly output: string;
}

/** @param audit told of a reset that is done here. One that a sidecar is asked for, that tells of itself. */
export async function runBudgetsCommand(
  command: BudgetsCommand,
  config: Config,
  audit?: Audit,
): Promise<CommandResult> {
  const { name, action } = command;
  const isKnown = config.budgets.some((budget) => budget.name === name);
  if (name !== '' && !isKnown) {
    const known = config.budgets.map((budget) => budget.name).join(', ') || 'none';
    return { exitCode: 1, output: `No budget is named ${name}. There are: ${known}.\n` };
  }
  let store: CommandStore | undefined;
  try {
    store = openStore(config.store);
    if (action === 'reset') return { exitCode: 0, output: await reset(store, command, { config, audit }) };
    const reports = await report(store, config);
    const chosen = reports.filter(
      (row) =>
        (name === '' || row.name === name) && (command.scope === undefined || row.scope === command.scope),
    );
    return { exitCode: 0, output: command.json ? `${JSON.stringify(chosen, null, 2)}\n` : tableOf(chosen) };
  } catch (error) {
    const hint = error instanceof StoreUnavailable ? '. Check store.redisUrl and that Redis runs.' : '';
    return { exitCode: 1, output: `${(error as Error).message}${hint}\n` };
  } finally {
    await store?.close();
  }
}

/** What a command needs of a store that sidecars may be using. */
interface CommandStore {
  windows(org: string): Promise<WindowState[]>;
  /** Resolves to the number of windows; undefined if a sidecar will do it, in a moment. */
  reset(org: string, budget: string, scope?: string): Promise<number | undefined>;
  close(): Promise<void>;
}

function openStore({ redisUrl, stateDir, timeoutMs, keyPrefix }: Config['store']): CommandStore {
  if (redisUrl !== '') {
    return createRedisLedger({
      url: redisUrl,
      timeoutMs: Math.max(timeoutMs, 5000),
      keyPrefix,
      onError() {},
    });
  }
  return {
    windows: async (org) => readWindows(stateDir, org, Date.now()),
    async reset(org, budget, scope) {
      requestReset(stateDir, org, budget, scope);
      return undefined;
    },
    close: async () => {},
  };
}

async function report(store: CommandStore, config: Config): Promise<BudgetReport[]> {
  const budgets = createRules(config).budgets();
  const reports = orgsOf(config).map(async (org) => reportBudgets(org, budgets, await store.windows(org)));
  return (await Promise.all(reports)).flat();
}

async function reset(
  store: CommandStore,
  { name, scope }: BudgetsCommand,
  { config, audit }: { readonly config: Config; readonly audit: Audit | undefined },
): Promise<string> {
  let windows = 0;
  for (const org of orgsOf(config)) {
    const reset = await store.reset(org, name, scope);
    if (reset === undefined) return `The sidecar that has this state resets ${name} within a second.\n`;
    audit?.('budget_reset', { org, budget: name, scope, windows: reset });
    windows += reset;
  }
  return windows === 0
    ? `Nothing was used of ${name}${scope === undefined ? '' : ` in ${scope}`}: there is nothing to reset.\n`
    : `Reset ${windows} window${windows === 1 ? '' : 's'} of ${name}. What running calls hold stays held.\n`;
}

function tableOf(reports: readonly BudgetReport[]): string {
  if (reports.length === 0) return 'Nothing has been used of any budget yet.\n';
  const head = ['budget', 'scope', 'unit', 'limit', 'used', 'held', 'left', 'window ends'];
  const rows = reports.map((row) => [
    row.mode === 'observe' ? `${row.name} (observed)` : row.name,
    row.scope || '-',
    row.unit,
    shown(row.limit),
    shown(row.used),
    shown(row.held),
    `${shown(row.remaining)} (${Math.floor((row.remaining / row.limit) * 100)} %)`,
    row.windowEnd,
  ]);
  const widths = head.map((_title, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const isNumber = (column: number) => column >= 3 && column <= 6;
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return `${[head, ...rows].map(line).join('\n')}\n`;
}

function shown(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 4 });
}
