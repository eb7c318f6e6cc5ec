/** `npm start -- import FILE...`: takes assistants and threads from JSON files into the store. */
import { readFileSync } from 'node:fs';

import {
  emptyTallies,
  importObject,
  type Tallies,
  type Tally,
  UnfitEntry,
} from '../assistants/moving/import-objects.ts';
import { createProgress } from '../assistants/moving/progress.ts';
import { type Entry, readEntries } from '../assistants/moving/read-entries.ts';
import type { AssistantStore } from '../assistants/store/store.ts';
import { ProxyError } from '../errors.ts';
import { createTokenCounter } from '../openai/count-tokens.ts';

export interface ImportCommand {
  /** `-` is what comes in by standard input. */
  readonly files: readonly string[];
  readonly org: string;
}

export interface CommandOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether `err` can be drawn over. */
  readonly isTerminal: boolean;
}

/** Resolves to the exit code: 1 if anything was left out. Rejects with `StoreUnavailable`. */
export async function runImportCommand(
  { files, org }: ImportCommand,
  store: AssistantStore,
  { out, err, isTerminal }: CommandOutput,
): Promise<0 | 1> {
  const counter = createTokenCounter();
  const progress = createProgress({ write: err, isTerminal, nowMs: Date.now });
  const tallies = emptyTallies();
  let left = 0;
  const complain = (place: string, reason: string) => {
    left += 1;
    progress.clear();
    err(`${place}: ${reason}\n`);
  };
  try {
    const read = files.map((file) => ({ file, entries: entriesOf(file, complain) }));
    const total = read.reduce((sum, { entries }) => sum + entries.length, 0);
    let done = 0;
    for (const { file, entries } of read) {
      for (const { line, value } of entries) {
        try {
          await importObject({ store, counter, org }, value, tallies);
        } catch (error) {
          if (!(error instanceof ProxyError || error instanceof UnfitEntry)) throw error;
          complain(`${file}:${line}`, error.message);
        }
        progress.update((done += 1), total);
      }
    }
  } finally {
    progress.clear();
    await counter.close();
  }
  out(summaryOf(tallies, left));
  return left === 0 ? 0 : 1;
}

function entriesOf(file: string, complain: (place: string, reason: string) => void): Entry[] {
  try {
    return readEntries(readFileSync(file === '-' ? standardInput : file));
  } catch (error) {
    complain(file, (error as Error).message);
    return [];
  }
}

const standardInput = 0;

function summaryOf(tallies: Tallies, left: number): string {
  const lines = Object.entries(tallies).map(([kind, tally]: [string, Tally]) => {
    return `${kind}: ${tally.created} created, ${tally.changed} changed, ${tally.unchanged} unchanged\n`;
  });
  return `${lines.join('')}${left === 0 ? '' : `${left} left out, for the reasons above\n`}`;
}
