export interface Webhook {
  /** Sent in the background; what could not be delivered after a few attempts is told to `onError`. */
  send(event: object): void;
}

interface WebhookSettings {
  readonly url: string;
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly onError: (error: Error) => void;
}

const attempts = 3;
const maxRunning = 20;

/** Posts JSON to the configured URL, and nowhere that it redirects to. */
export function createWebhook({ url, timeoutMs, onError }: WebhookSettings): Webhook {
  let running = 0;
  return {
    send(event) {
      if (url === '') return;
      if (running >= maxRunning) return onError(new Error('too many calls of the webhook are under way'));
      running += 1;
      void deliver(JSON.stringify(event)).finally(() => (running -= 1));
    },
  };

  async function deliver(body: string): Promise<void> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const problem = await post(body);
      if (problem === undefined) return;
      if (attempt === attempts) onError(problem);
    }
  }

  async function post(body: string): Promise<Error | undefined> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      return response.ok ? undefined : new Error(`the webhook answered ${response.status}`);
    } catch {
      // The cause may quote the URL, which may hold a secret.
      return new Error('the webhook could not be reached');
    }
  }
}
