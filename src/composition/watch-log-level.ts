import type { Logger } from 'pino';

import type { Audit } from '../telemetry/audit.ts';
import { type LogLevelOrder, logLevelFile, readLogLevel } from '../watching/log-level-file.ts';
import { type Watched, watchContent } from '../watching/watched-file.ts';

interface LogLevelParts {
  readonly stateDir: string;
  readonly log: Logger;
  readonly audit: Audit;
}

export interface WatchedLogLevel {
  /** The level that holds while nothing else is asked for. */
  configure(level: string): void;
  close(): void;
}

/** Far more than the command lets anybody ask for. */
const longestMs = 2_147_483_647;

/**
 * Follows what the command `log-level` asks for, within a second and without a restart, until the time for that is
 * over. A file, because the admin port changes nothing, and because it can be written in an image without a shell.
 */
export function watchLogLevel({ stateDir, log, audit }: LogLevelParts): WatchedLogLevel {
  let configured = log.level;
  let isOrdered = false;
  let falling: NodeJS.Timeout | undefined;
  const watched = watch();
  return {
    configure(level) {
      configured = level;
      if (!isOrdered) change(level);
    },
    close() {
      clearTimeout(falling);
      watched?.close();
    },
  };

  /** Undefined in a folder that can't be read, which is no reason not to start. */
  function watch(): Watched<void> | undefined {
    try {
      return watchContent(
        { file: logLevelFile(stateDir), path: 'store.stateDir', whenMissing: '' },
        (text) => obey(readOrder(text)),
        tellUnread,
      );
    } catch (error) {
      tellUnread(error as Error);
      return undefined;
    }
  }

  /** What can't be read at the start is no reason not to start. */
  function readOrder(text: string): LogLevelOrder | undefined {
    try {
      return readLogLevel(text);
    } catch (error) {
      tellUnread(error as Error);
      return undefined;
    }
  }

  function tellUnread(error: Error): void {
    log.warn({ cause: error.message }, 'log level not changed');
  }

  function obey(order: LogLevelOrder | undefined): void {
    clearTimeout(falling);
    const leftMs = order ? order.untilMs - Date.now() : 0;
    if (!order || leftMs <= 0) return fall();
    isOrdered = true;
    change(order.level, order.untilMs);
    falling = setTimeout(fall, Math.min(leftMs, longestMs)).unref();
  }

  function fall(): void {
    isOrdered = false;
    change(configured);
  }

  function change(level: string, untilMs?: number): void {
    const from = log.level;
    if (level === from) return;
    log.level = level;
    const until = untilMs === undefined ? undefined : new Date(untilMs).toISOString();
    audit('log_level_changed', { from, to: level, until });
  }
}
