/** `npm start -- log-level LEVEL`: changes what a running sidecar logs, for a while. */
import { readFileSync } from 'node:fs';

import type { Config } from '../config/schema.ts';
import {
  type LogLevel,
  isLogLevel,
  logLevelFile,
  readLogLevel,
  removeLogLevel,
  writeLogLevel,
} from '../watching/log-level-file.ts';

export interface LogLevelCommand {
  /** `configured` ends what was asked for before; undefined asks what is in effect. */
  readonly level: LogLevel | 'configured' | undefined;
  readonly forMs: number;
}

const defaultForMs = 15 * 60_000;
const longestForMs = 24 * 3_600_000;
const unitsMs = { s: 1000, m: 60_000, h: 3_600_000 };

/** A text says what is wrong. */
export function parseLogLevel(
  [level, ...rest]: readonly string[],
  { for: duration }: { for?: string | undefined },
): LogLevelCommand | string {
  if (rest.length > 0) return 'too many arguments';
  if (level !== undefined && level !== 'configured' && !isLogLevel(level)) return `no log level: ${level}`;
  if (duration === undefined) return { level, forMs: defaultForMs };
  const [, count = '', unit = ''] = /^(\d{1,6})([smh])$/.exec(duration) ?? [];
  const forMs = Number(count) * (unitsMs[unit as keyof typeof unitsMs] ?? 0);
  const isFit = forMs > 0 && forMs <= longestForMs;
  return isFit ? { level, forMs } : '--for takes 1s to 24h: 90s, 10m, 2h';
}

export function runLogLevelCommand(
  { level, forMs }: LogLevelCommand,
  { store: { stateDir }, telemetry }: Config,
  nowMs: number,
): { readonly exitCode: 0 | 1; readonly output: string } {
  const configured = telemetry.logLevel;
  try {
    if (level === undefined) return { exitCode: 0, output: tell(stateDir, configured, nowMs) };
    if (level === 'configured') removeLogLevel(stateDir);
    else writeLogLevel(stateDir, { level, untilMs: nowMs + forMs });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const where = `${logLevelFile(stateDir)} can't be ${level === undefined ? 'read' : 'written'}`;
    const hint = 'Mount a volume that this user may write to, or point store.stateDir to one, and restart.';
    return { exitCode: 1, output: `${where} (${code ?? message}). ${hint}\n` };
  }
  const until = new Date(nowMs + forMs).toISOString();
  const output =
    level === 'configured'
      ? `The sidecar on ${stateDir} logs at ${configured} again, within a second.\n`
      : `The sidecar on ${stateDir} logs at ${level} within a second, and at ${configured} again from ${until}.\n`;
  return { exitCode: 0, output };
}

function tell(stateDir: string, configured: LogLevel, nowMs: number): string {
  const order = readLogLevel(textOf(logLevelFile(stateDir)));
  if (!order || order.untilMs <= nowMs) return `${configured}, as configured\n`;
  return `${order.level} until ${new Date(order.untilMs).toISOString()}, then ${configured}\n`;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
