import { setTimeout as sleep } from 'node:timers/promises';

export interface CallPlan {
  readonly id: string;
  readonly kind: 'chat' | 'responses';
  readonly isStream: boolean;
  readonly inputWords: number;
  /** Of the answer. */
  readonly words: number;
  readonly maxTokens: number;
  /** The caller goes away. */
  readonly leavesAfterMs: number | undefined;
}

export interface CallResult {
  readonly id: string;
  /** `cut`: the caller left, the sidecar or the store died, or nobody answered. */
  readonly ending: 'ended' | 'denied' | 'cut';
  /** What the answer said it used, in all. */
  readonly toldTokens: number;
  /** No call of this size can be held for more. */
  readonly mostTokens: number;
}

export function planCall(id: string, random: () => number): CallPlan {
  const isStream = random() < 0.6;
  return {
    id,
    kind: random() < 0.5 ? 'chat' : 'responses',
    isStream,
    inputWords: 1 + Math.floor(random() * 60),
    words: 1 + Math.floor(random() * 60),
    maxTokens: 16 + Math.floor(random() * 150),
    leavesAfterMs: random() < 0.25 ? Math.floor(random() * 250) : undefined,
  };
}

/** One call through a sidecar, as an application makes it. Never rejects. */
export async function makeCall(baseUrl: string, plan: CallPlan): Promise<CallResult> {
  const body = JSON.stringify(plan.kind === 'chat' ? chatBody(plan) : responsesBody(plan));
  const mostTokens = Buffer.byteLength(body) + 64 + plan.maxTokens;
  const signals = [AbortSignal.timeout(30_000)];
  if (plan.leavesAfterMs !== undefined) signals.push(AbortSignal.timeout(plan.leavesAfterMs));
  const cut: CallResult = { id: plan.id, ending: 'cut', toldTokens: 0, mostTokens };
  try {
    const path = plan.kind === 'chat' ? 'chat/completions' : 'responses';
    const answer = await fetch(`${baseUrl}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.any(signals),
    });
    const text = await answer.text();
    if (answer.status === 429) return { ...cut, ending: 'denied' };
    const toldTokens = answer.ok ? tokensTold(text) : undefined;
    if (toldTokens === undefined) {
      // A sidecar that says no because its store is away is not asked again at once.
      await sleep(20);
      return cut;
    }
    return { ...cut, ending: 'ended', toldTokens };
  } catch {
    await sleep(20);
    return cut;
  }
}

function chatBody({ id, inputWords, words, maxTokens, isStream }: CallPlan) {
  return {
    model: 'gpt-4o',
    messages: [{ role: 'user', content: `${'word '.repeat(inputWords)}[[words:${words}]]` }],
    max_completion_tokens: maxTokens,
    metadata: { call: id },
    ...(isStream && { stream: true, stream_options: { include_usage: true } }),
  };
}

function responsesBody({ id, inputWords, words, maxTokens, isStream }: CallPlan) {
  return {
    model: 'gpt-4o',
    input: `${'word '.repeat(inputWords)}[[words:${words}]]`,
    max_output_tokens: maxTokens,
    metadata: { call: id },
    ...(isStream && { stream: true }),
  };
}

/** The last usage in an answer or a stream; undefined if it was cut before. */
function tokensTold(text: string): number | undefined {
  const told = [...text.matchAll(/"total_tokens": ?(\d+)/g)].at(-1)?.[1];
  return told === undefined ? undefined : Number(told);
}
