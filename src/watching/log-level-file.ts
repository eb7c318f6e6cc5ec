import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { logLevels } from '../config/schema.ts';

export type LogLevel = (typeof logLevels)[number];

/** What the command `log-level` asks the sidecar for that has the same state directory. */
export interface LogLevelOrder {
  readonly level: LogLevel;
  /** Milliseconds since 1970. Then the configured level is back. */
  readonly untilMs: number;
}

export function logLevelFile(stateDir: string): string {
  return join(stateDir, 'log-level');
}

/** Throws what the file system throws. */
export function writeLogLevel(stateDir: string, order: LogLevelOrder): void {
  const file = logLevelFile(stateDir);
  mkdirSync(stateDir, { recursive: true });
  // Renamed, so that nobody ever reads half of it.
  writeFileSync(`${file}.new`, `${JSON.stringify(order)}\n`);
  renameSync(`${file}.new`, file);
}

/** The configured level is back. Throws what the file system throws. */
export function removeLogLevel(stateDir: string): void {
  rmSync(logLevelFile(stateDir), { force: true });
}

/** What a file of that kind says; undefined if it is empty. Throws an Error at anything else. */
export function readLogLevel(text: string): LogLevelOrder | undefined {
  if (text.trim() === '') return undefined;
  const { level, untilMs } = parse(text);
  if (!isLogLevel(level) || typeof untilMs !== 'number' || !Number.isFinite(untilMs)) throw unreadable();
  return { level, untilMs };
}

export function isLogLevel(level: unknown): level is LogLevel {
  return (logLevels as readonly unknown[]).includes(level);
}

function parse(text: string): { readonly level?: unknown; readonly untilMs?: unknown } {
  try {
    return (JSON.parse(text) as object | null) ?? {};
  } catch {
    throw unreadable();
  }
}

function unreadable(): Error {
  return new Error('the file log-level in store.stateDir was not written by `log-level`; delete it');
}
