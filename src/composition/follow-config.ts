import { ConfigError } from '../config/config-error.ts';
import type { ConfigChange, OpenConfig } from '../config/open-config.ts';
import type { Config } from '../config/schema.ts';
import type { ConfigMetrics } from '../telemetry/config-metrics.ts';
import type { LogSink } from '../telemetry/logger.ts';
import { isReadOnce, watchContent } from '../watching/watched-file.ts';

/** How the configuration in effect stands to its file. */
export interface ConfigState {
  /** Undefined if there is none. */
  readonly file: string | undefined;
  /** When what is in effect was read, in Unix milliseconds. */
  readonly enactedAtMs: number;
  /** Why what the file holds now is not in effect; undefined if it is. */
  readonly refusal: string | undefined;
  /** Paths of the keys that were changed and wait for the next start. */
  readonly waiting: readonly string[];
}

export interface FollowedConfig {
  state(): ConfigState;
  /** Resolves when nothing is being enacted any more. */
  close(): Promise<void>;
}

interface FollowParts extends Pick<LogSink, 'log' | 'audit'> {
  readonly metrics: ConfigMetrics;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly lookEveryMs: number | undefined;
  /** Rejects if the configuration can't be in effect; then the former one is. */
  readonly enact: (config: Config) => Promise<void>;
}

/** What a change lacks may come: the kubelet writes a Secret and a ConfigMap one after the other. */
const retryMs = 2000;

/**
 * Has changes of the configuration's file take effect, one after the other. One that is wrong in any part of it is
 * refused whole, told once, and told by the metrics for as long as the file holds it. If nothing in the file itself is
 * wrong it is tried again.
 */
export function followConfig(
  open: OpenConfig,
  { log, audit, metrics, now, lookEveryMs, enact }: FollowParts,
): FollowedConfig {
  const { file } = open;
  let state: ConfigState = { file, enactedAtMs: now(), refusal: undefined, waiting: [] };
  let enacting = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;
  /** What the file holds, as last read; undefined if that can't be told, or is nobody's business any more. */
  let latest: string | undefined;
  metrics.stateFrom(() => state);
  const watched = file === undefined ? undefined : follow(file);
  return {
    state: () => state,
    async close() {
      watched?.close();
      clearTimeout(retry);
      latest = undefined;
      await enacting;
    },
  };

  function follow(path: string) {
    if (isReadOnce(path)) {
      log.info({ file: path }, 'the configuration can be read only once, and so is not followed');
      return undefined;
    }
    return watchContent(
      { file: path, path: 'the configuration', lookEveryMs },
      (text) => {
        latest = text;
        inTurn(() => take(text));
      },
      (problem) => {
        latest = undefined;
        inTurn(() => refuse(problem));
      },
    );
  }

  function inTurn(work: () => void | Promise<void>): void {
    enacting = enacting.then(work);
  }

  async function take(text: string, lastMessage?: string): Promise<void> {
    if (text !== latest) return;
    clearTimeout(retry);
    try {
      const change = open.offer(text);
      const changes = change.applied.length + change.waiting.length;
      // What a full disk or a slip leaves of a file must not open to everybody what it guards.
      if (text.trim() === '' && changes > 0) throw new ConfigError([emptied]);
      if (change.applied.length > 0) await enact(change.config);
      change.enacted();
      tell(change);
    } catch (error) {
      const { message } = error as Error;
      if (message !== lastMessage) refuse(error as Error);
      if (error instanceof ConfigError || text !== latest) return;
      retry = setTimeout(() => inTurn(() => take(text, message)), retryMs).unref();
    }
  }

  function tell({ applied, waiting }: ConfigChange): void {
    const isNews =
      applied.length > 0 || waiting.join() !== state.waiting.join() || state.refusal !== undefined;
    const enactedAtMs = applied.length > 0 ? now() : state.enactedAtMs;
    state = { file, enactedAtMs, refusal: undefined, waiting };
    if (!isNews) return;
    metrics.changed('applied');
    audit('configuration_changed', { applied, waiting });
    if (waiting.length > 0)
      log.warn({ waiting }, 'changed keys of the configuration wait for the next start');
  }

  function refuse({ message }: Error): void {
    const refusal = briefly(message);
    state = { ...state, refusal };
    metrics.changed('refused');
    audit('configuration_refused', { reason: refusal });
    log.error({ reason: refusal }, 'the changed configuration is refused; the former one stays in effect');
  }
}

const emptied = {
  path: 'the configuration',
  message: 'the file is empty now; for nothing but defaults it must hold {}',
};

/** Of a file that is no configuration at all each line may be wrong. */
const maxLines = 20;
const maxLength = 4000;

function briefly(message: string): string {
  const lines = message.split('\n');
  const told = lines.length > maxLines ? [...lines.slice(0, maxLines), '...', lines.at(-1)!] : lines;
  const text = told.join('\n');
  return text.length > maxLength ? `${text.slice(0, maxLength)}...` : text;
}
