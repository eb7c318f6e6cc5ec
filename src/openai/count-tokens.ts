import { Worker } from 'node:worker_threads';

export interface TokenCounter {
  /**
   * The sum of the texts' tokens in the encoding of a model, o200k_base for one that nobody knows. Special tokens
   * in a text are text. Rejects with an `Error`, which quotes no text, if the worker crashes or is closed.
   */
  count(texts: readonly string[], model: string): Promise<number>;
  close(): Promise<void>;
}

export interface CountRequest {
  readonly id: number;
  readonly texts: readonly string[];
  readonly model: string;
}

export interface CountAnswer {
  readonly id: number;
  readonly tokens: number;
}

/**
 * Counts in a worker thread, so that a long text doesn't hold up the event loop. It starts at the first count,
 * and again at the next one after a crash: loading the encodings takes half a second and 50 MB, which nobody
 * pays who never counts. Idle, it doesn't keep the process alive.
 */
export function createTokenCounter(): TokenCounter {
  const pending = new Map<number, PromiseWithResolvers<number>>();
  let worker: Worker | undefined;
  let lastId = 0;

  function start(): Worker {
    const started = new Worker(new URL('count-tokens-worker.ts', import.meta.url), { execArgv: [] });
    started.on('message', ({ id, tokens }: CountAnswer) => {
      pending.get(id)?.resolve(tokens);
      pending.delete(id);
      if (pending.size === 0) started.unref();
    });
    // Its own message could quote a text.
    started.on('error', () => abandon(started));
    started.on('exit', () => abandon(started));
    return started;
  }

  function abandon(ended: Worker): void {
    if (worker !== ended) return;
    worker = undefined;
    for (const { reject } of pending.values())
      reject(new Error('the token counter ended before it had counted'));
    pending.clear();
  }

  return {
    count(texts, model) {
      worker ??= start();
      worker.ref();
      const id = (lastId += 1);
      const answer = Promise.withResolvers<number>();
      pending.set(id, answer);
      worker.postMessage({ id, texts, model } satisfies CountRequest, []);
      return answer.promise;
    },
    async close() {
      const ended = worker;
      if (!ended) return;
      abandon(ended);
      await ended.terminate();
    },
  };
}
