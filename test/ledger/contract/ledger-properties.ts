import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { anOperation, budgetLines } from './arbitrary-operations.ts';
import { createRun } from './compared-run.ts';
import { alignTo, hourMs, type OpenLedger } from './ledger-under-test.ts';

export interface PropertyOptions {
  readonly runs: number;
  /**
   * Whether the clock may step back while rolling windows are in use: a store may forget a step that has
   * rolled out of its window, or find it again.
   */
  readonly rollsBack: boolean;
}

/** Compares a ledger with the model after each step of random interleavings. */
export function testLedgerProperties(name: string, open: OpenLedger, options: PropertyOptions): void {
  test(`the ledger in ${name} grants and counts exactly as the model does`, async (t) => {
    const under = await open(t);
    let runs = 0;
    const property = fc.asyncProperty(
      fc.array(anOperation, { minLength: 1, maxLength: 60, size: 'max' }),
      fc.boolean(),
      async (operations, isCalendar) => {
        await alignTo(under, hourMs);
        runs += 1;
        const usable = budgetLines.filter(({ window }) => !isCalendar || window.kind === 'calendar');
        const run = createRun(under, `run-${runs}`, usable);
        for (const operation of operations) {
          const isBack = operation.kind === 'step' && operation.minutes < 0;
          if (isBack && !isCalendar && !options.rollsBack) continue;
          await run.perform(operation);
          await run.assertSameWindows();
        }
        await run.comeToRest();
        await run.assertSameWindows();
        await run.spendTheRest();
      },
    );
    await fc.assert(property, { numRuns: options.runs, interruptAfterTimeLimit: 40_000 });
  });

  test(`the ledger in ${name} is compared with a model that denies, clamps, corrects and expires`, async (t) => {
    // A comparison in which nothing happens would pass too.
    const under = await open(t);
    await alignTo(under, hourMs);
    const run = createRun(under, 'rare', budgetLines);
    const operations = fc.sample(anOperation, { numRuns: 400, seed: 7 });
    for (const operation of operations) {
      if (operation.kind !== 'step' || operation.minutes > 0) await run.perform(operation);
    }
    for (const [event, count] of Object.entries(run.happened)) {
      assert.ok(count > 0, `${event} never happened`);
    }
  });
}
