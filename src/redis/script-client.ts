import { setTimeout as sleep } from 'node:timers/promises';

import { StoreUnavailable } from '../store-unavailable.ts';
import { connect } from './connect.ts';
import { inTime } from './in-time.ts';
import { createReadiness } from './readiness.ts';
import { garbage } from './reply-reader.ts';
import { createScripts, type Question, type ScriptName } from './scripts.ts';

export interface ScriptClientOptions {
  /** See `parseRedisUrl`. */
  readonly url: string;
  /** Every question is answered or rejected within that time. */
  readonly timeoutMs: number;
  /** Told why there is no connection; what fails for lack of one is rejected besides. */
  onError(error: Error): void;
}

/** Asks scripts over a connection of its own. Rejects with `StoreUnavailable`, and with nothing else. */
export interface ScriptClient {
  /** Reads what the script answered: the kind of its answer, and what stands behind it. */
  ask<Result>(
    script: ScriptName,
    question: Question,
    read: (kind: string, rest: readonly unknown[]) => Result,
  ): Promise<Result>;
  /** Of a script that answers in one way only. */
  askFor<Result>(
    onlyKind: string,
    script: ScriptName,
    question: Question,
    read: (rest: readonly unknown[]) => Result,
  ): Promise<Result>;
  close(): Promise<void>;
}

/** Throws on a malformed URL; connects in the background, again and again. */
export function createScriptClient({ url, timeoutMs, onError }: ScriptClientOptions): ScriptClient {
  const client = connect(url, { timeoutMs, onError });
  const ready = createReadiness(client);
  const run = createScripts(client);
  let isClosed = false;

  const ask: ScriptClient['ask'] = (script, question, read) =>
    inTime(timeoutMs, async (isInTime) => {
      if (isClosed) throw new StoreUnavailable('it was closed', { mayHaveHappened: false });
      await ready();
      // Whoever asked has been told that there was no answer.
      if (!isInTime()) throw new Error('the connection came too late');
      const reply: unknown = await run(script, question);
      if (!Array.isArray(reply)) throw garbage();
      const [kind, ...rest] = reply as readonly unknown[];
      return read(String(kind), rest);
    });

  return {
    ask,
    askFor: (onlyKind, script, question, read) =>
      ask(script, question, (kind, rest) => {
        if (kind !== onlyKind) throw garbage();
        return read(rest);
      }),
    close: async () => {
      isClosed = true;
      // What was sent is answered first, but not waited for longer than its callers do.
      await Promise.race([client.quit().catch(() => {}), sleep(timeoutMs, undefined, { ref: false })]);
      client.disconnect();
    },
  };
}
