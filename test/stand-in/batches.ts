import type { Batch, BatchCreateParams, BatchUsage } from 'openai/resources/batches';

import { missing, noSuch } from './api-error.ts';
import type { Call } from './call.ts';
import type { FileStore } from './files.ts';
import { paginate, type Page } from './list.ts';
import type { Mint } from './mint.ts';
import type { TokenUsage } from './model.ts';
import { json } from './reply.ts';
import type { Route } from './router.ts';

export interface BatchesOptions {
  files: FileStore;
  nowMs: () => number;
  queuedMs: number;
  workMs: number;
  /** Runs one line of a batch. */
  run(line: BatchLine, mint: Mint): Promise<LineResult>;
}

export interface BatchLine {
  custom_id: string;
  method: string;
  url: string;
  body: object;
}

export interface LineResult {
  status: number;
  body: unknown;
  usage: TokenUsage | undefined;
}

/** OpenAI answers null where the SDK's type has nothing. */
type WireBatch = { [K in keyof Batch]: undefined extends Batch[K] ? Batch[K] | null : Batch[K] };

interface Entry {
  batch: WireBatch;
  results: { line: BatchLine; result: LineResult }[];
  invalid: string | undefined;
  startsAtMs: number;
  endsAtMs: number;
  cancelledAtMs?: number;
  mint: Mint;
}

/** Batches are worked through at once, but tell of it as time goes by. */
export function batchRoutes(options: BatchesOptions): Route[] {
  const { files, nowMs } = options;
  const entries = new Map<string, Entry>();
  const find = ({ params }: Call) => {
    const found = entries.get(params['batch_id'] ?? '');
    if (!found) throw noSuch('batch', params['batch_id'] ?? '');
    return found;
  };

  function view(entry: Entry): WireBatch {
    const { batch, startsAtMs, endsAtMs, cancelledAtMs, results } = entry;
    const now = nowMs();
    const at = Math.min(now, cancelledAtMs ?? now);
    const seconds = (ms: number) => batch.created_at + Math.round((ms - startsAtMs) / 1000);
    if (at < startsAtMs && cancelledAtMs === undefined) return { ...batch, status: 'validating' };
    if (entry.invalid) {
      const errors = {
        object: 'list',
        data: [{ code: 'invalid_json_line', message: entry.invalid, line: 1 }],
      };
      return { ...batch, status: 'failed', failed_at: seconds(startsAtMs), errors };
    }
    const share = Math.min(1, Math.max(0, (at - startsAtMs) / (endsAtMs - startsAtMs)));
    const done = results.slice(0, Math.floor(results.length * share));
    const working: WireBatch = {
      ...batch,
      in_progress_at: seconds(startsAtMs),
      request_counts: {
        total: results.length,
        completed: done.filter(({ result }) => result.status === 200).length,
        failed: done.filter(({ result }) => result.status !== 200).length,
      },
      usage: sumUsage(done.flatMap(({ result }) => result.usage ?? [])),
    };
    if (cancelledAtMs !== undefined) {
      const cancelling_at = seconds(cancelledAtMs);
      const stopped = { ...working, ...outputFiles(entry, done), cancelling_at };
      if (now < cancelledAtMs + options.queuedMs) return { ...working, status: 'cancelling', cancelling_at };
      return { ...stopped, status: 'cancelled', cancelled_at: seconds(cancelledAtMs + options.queuedMs) };
    }
    if (share < 1) return { ...working, status: 'in_progress' };
    return {
      ...working,
      ...outputFiles(entry, done),
      status: 'completed',
      finalizing_at: seconds(endsAtMs),
      completed_at: seconds(endsAtMs),
    };
  }

  /** Written when they are first asked for. */
  function outputFiles(entry: Entry, done: Entry['results']): Partial<WireBatch> {
    const { batch, mint } = entry;
    const write = (wanted: Entry['results']) => {
      const lines = wanted.map(({ line, result }) =>
        JSON.stringify({
          id: mint.id('batch_req_', 32),
          custom_id: line.custom_id,
          response: { status_code: result.status, request_id: mint.id('', 32), body: result.body },
          error: null,
        }),
      );
      const small = Buffer.from(lines.join('\n') + '\n');
      const content = { bytes: small.length, sha256: batch.id, small };
      return files.add(mint, `${batch.id}_output.jsonl`, 'batch_output', content).id;
    };
    const completed = done.filter(({ result }) => result.status === 200);
    const failed = done.filter(({ result }) => result.status !== 200);
    if (completed.length > 0) batch.output_file_id ??= write(completed);
    if (failed.length > 0) batch.error_file_id ??= write(failed);
    return {
      output_file_id: batch.output_file_id ?? null,
      error_file_id: batch.error_file_id ?? null,
    };
  }

  return [
    {
      method: 'POST',
      path: '/batches',
      async handle(call) {
        const body = call.json<BatchCreateParams>();
        if (!body.input_file_id) throw missing('input_file_id');
        if (!body.endpoint) throw missing('endpoint');
        files.find(body.input_file_id);
        const lines = readLines(files.text(body.input_file_id), body.endpoint);
        const results: Entry['results'] = [];
        for (const line of typeof lines === 'string' ? [] : lines) {
          results.push({ line, result: await options.run(line, call.mint) });
        }
        const startsAtMs = nowMs() + options.queuedMs;
        const entry: Entry = {
          batch: openBatch(body, call.mint),
          results,
          invalid: typeof lines === 'string' ? lines : undefined,
          startsAtMs,
          endsAtMs: startsAtMs + options.workMs,
          mint: call.mint,
        };
        entries.set(entry.batch.id, entry);
        return json<WireBatch>(view(entry));
      },
    },
    {
      method: 'GET',
      path: '/batches',
      handle: ({ query }) => json<Page<WireBatch>>(paginate([...entries.values()].map(view), query)),
    },
    { method: 'GET', path: '/batches/{batch_id}', handle: (call) => json<WireBatch>(view(find(call))) },
    {
      method: 'POST',
      path: '/batches/{batch_id}/cancel',
      handle(call) {
        const entry = find(call);
        if (nowMs() < entry.endsAtMs) entry.cancelledAtMs ??= nowMs();
        return json<WireBatch>(view(entry));
      },
    },
  ];
}

function openBatch(body: BatchCreateParams, mint: Mint): WireBatch {
  return {
    id: mint.id('batch_', 32),
    object: 'batch',
    endpoint: body.endpoint,
    errors: null,
    input_file_id: body.input_file_id,
    completion_window: body.completion_window,
    status: 'validating',
    output_file_id: null,
    error_file_id: null,
    created_at: mint.seconds(),
    in_progress_at: null,
    expires_at: mint.seconds() + 86_400,
    finalizing_at: null,
    completed_at: null,
    failed_at: null,
    expired_at: null,
    cancelling_at: null,
    cancelled_at: null,
    request_counts: { total: 0, completed: 0, failed: 0 },
    metadata: body.metadata ?? null,
  };
}

/** The lines of the input file, or what is wrong with them. */
function readLines(text: string | undefined, endpoint: string): BatchLine[] | string {
  if (text === undefined) return 'The input file is larger than the stand-in keeps.';
  try {
    const lines = text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line): BatchLine => JSON.parse(line));
    const stray = lines.find((line) => line.url !== endpoint);
    return stray ? `The URL ${stray.url} does not match the endpoint ${endpoint}.` : lines;
  } catch {
    return 'This line is not parseable as valid JSON.';
  }
}

function sumUsage(usages: TokenUsage[]): BatchUsage {
  const sum = (pick: (usage: TokenUsage) => number) =>
    usages.reduce((total, usage) => total + pick(usage), 0);
  const input = sum((usage) => usage.inputTokens);
  const output = sum((usage) => usage.outputTokens);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: sum((usage) => usage.cachedTokens) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: sum((usage) => usage.reasoningTokens) },
    total_tokens: input + output,
  };
}
