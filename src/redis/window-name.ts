import type { BudgetLine } from '../ledger/ledger.ts';

/**
 * Names a budget's windows within an organisation's keys: what is said here, and behind it the start of a
 * calendar window. The parts are percent-encoded, so that none can look like two.
 */
export function windowName({
  budget,
  scope,
  window,
}: Pick<BudgetLine, 'budget' | 'scope' | 'window'>): string {
  return `${encodeName(budget)}:${encodeName(scope)}:${encodeName(window.code)}:`;
}

/** Undefined for what is no name of a window. */
export function parseWindowName(
  name: string,
): { budget: string; scope: string; windowCode: string } | undefined {
  const parts = name.split(':');
  if (parts.length !== 4) return undefined;
  try {
    const [budget, scope, windowCode] = parts.map(decodeURIComponent) as [string, string, string];
    return { budget, scope, windowCode };
  } catch {
    return undefined;
  }
}

/** No colon, no brace, and the same for a lone surrogate as UTF-8 has for it. */
export function encodeName(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}
